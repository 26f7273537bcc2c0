import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def thawed() -> Iterator[None]:
    """Commands called here, without a process of their own, leave all objects frozen."""
    yield
    gc.unfreeze()
