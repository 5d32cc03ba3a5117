"""What the settings of every stage share: strictness, common types, checks of names."""

import shutil
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

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


def made(package: str, listed: list[dict[str, dict[str, Any]]]) -> list[tuple[str, Any]]:
    """Each of a list of `{step: {setting: value}}` made, with its name."""
    found = []
    for one in listed:
        if len(one) != 1:
            raise ValueError(f"a step is one name with its settings, found {one}")
        [(name, settings)] = one.items()
        known(package, [name])
        try:
            found.append((name, registry.load(package, name, "Step")(**settings)))
        except ValidationError as error:
            wrong = error.errors()[0]
            where = ".".join(map(str, (name, *wrong["loc"])))
            raise ValueError(f"{where}: found {wrong['input']!r}; {wrong['msg']}") from None
    return found


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
