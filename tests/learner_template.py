"""The learner that docs/extending.md has as a template."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAME = "pixels"


def files() -> dict[str, str]:
    """Its two files, as the page has them."""
    page = (ROOT / "docs/extending.md").read_text().partition("## A learner")[2]
    init, model = re.findall("```python\n(.*?)```", page, re.DOTALL)[:2]
    return {"__init__.py": init, "model.py": model}
