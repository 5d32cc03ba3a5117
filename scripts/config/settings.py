"""What the settings of every stage share: strictness, common types, checks of names."""

import shutil
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from scripts import registry
from scripts.scaling.comparing.limits import FIRST_FRESH_BLOCK

T = TypeVar("T")
Count = Annotated[int, Field(ge=1)]
Blocks = Annotated[int, Field(ge=1, lt=FIRST_FRESH_BLOCK)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Counts = Annotated[list[Count], Field(min_length=1)]


def _from_command_line(value: Any) -> Any:
    """Undo what Snakemake does to nested `--config` values: all of them, `null` too, arrive as text."""
    if isinstance(value, list):
        return [_from_command_line(item) for item in value]
    return None if value == "null" else value


class Settings(BaseModel):
    """A group of settings: unknown keys and wrong types are errors, and nothing changes after the check."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    @field_validator("*", mode="before")
    @classmethod
    def _plain(cls, value: Any, about: ValidationInfo) -> Any:
        found = next((one for one in one_or_more(value) if isinstance(one, bool)), None)
        if found is not None and cls.model_fields[about.field_name or ""].annotation is not bool:
            raise ValueError(f"found {str(found).lower()}; this setting is not true or false")
        return _from_command_line(value)


def known(package: str, found: list[str]) -> list[str]:
    allowed = registry.names(package)
    for name in found:
        if name not in allowed:
            raise ValueError(f"{name!r} is none of {', '.join(allowed)}")
    return unique(found)


def one_or_more(value: T | list[T]) -> list[T]:
    """The values of a setting that takes one or a list."""
    return value if isinstance(value, list) else [value]


def unique(found: list[T]) -> list[T]:
    if len(set(found)) < len(found):
        raise ValueError(f"{found} names something twice")
    return found


def on_path(program: str, found: str) -> None:
    if shutil.which(program) is None:
        raise ValueError(f"{found!r} needs {program}, which is not on the PATH; expected a Slurm cluster")
