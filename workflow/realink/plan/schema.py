"""A config against the schema: every fault by its key, and what was meant."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from realink.errors import InputError, meant

SCHEMA = Path(__file__).parents[2] / "schemas/config.schema.yaml"


def check(config: Mapping[str, Any]) -> None:
    """Raise `InputError` if a config is not as the schema says."""
    # Snakemake's own packages, which jobs need not have.
    import yaml
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(yaml.safe_load(SCHEMA.read_text()))
    faults = sorted(validator.iter_errors(config), key=lambda fault: list(map(str, fault.path)))
    if faults:
        raise InputError("; ".join(line for fault in faults for line in _said(fault)))


def _said(fault: Any) -> Iterator[str]:
    place = "".join(f"{key}: " for key in fault.path)
    known = fault.schema.get("properties", {})
    if fault.validator == "additionalProperties" and known:
        for name in sorted(set(fault.instance) - set(known)):
            yield f"config key `{place}{name}:` is unknown{meant(str(name), known)}"
    elif fault.validator == "required":
        # One fault a key that is missing.
        (name,) = (name for name in fault.validator_value if f"{name!r} is" in fault.message)
        yield f"config key `{place}{name}:` is missing"
    else:
        yield f"config key `{place.rstrip()}`: {fault.message}"
