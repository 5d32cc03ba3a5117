"""What the settings of every stage share: strictness, common types, checks of names."""

import shutil
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from scripts import registry

T = TypeVar("T")
Count = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Counts = Annotated[list[Count], Field(min_length=1)]


def _from_command_line(value: Any) -> Any:
    """Undo what Snakemake does to nested `--config` values: all of them, `null` too, arrive as text."""
    if isinstance(value, bool):
        raise ValueError(f"found {str(value).lower()}; no setting is true or false")
    if isinstance(value, list):
        return [_from_command_line(item) for item in value]
    return None if value == "null" else value


class Settings(BaseModel):
    """A group of settings: unknown keys and wrong types are errors, and nothing changes after the check."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, coerce_numbers_to_str=True)

    _plain = field_validator("*", mode="before")(_from_command_line)


def known(package: str, found: list[str]) -> list[str]:
    allowed = registry.names(package)
    for name in found:
        if name not in allowed:
            raise ValueError(f"{name!r} is none of {', '.join(allowed)}")
    return unique(found)


def unique(found: list[T]) -> list[T]:
    if len(set(found)) < len(found):
        raise ValueError(f"{found} names something twice")
    return found


def on_path(program: str, found: str) -> None:
    if shutil.which(program) is None:
        raise ValueError(f"{found!r} needs {program}, which is not on the PATH; expected a Slurm cluster")
