"""A centre's unit and form, from a YAML file of config/centres or of the user's own.

The file says what an hour of a core, a GPU or a whole node is charged, where the centre says so, and when that was
read.
"""

import math
from datetime import date
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from scripts.errors import UserError, first_fault
from scripts.quantities import Count, Positive

Part = Literal["strong", "weak", "memory", "cost", "problem", "io", "method", "request", "months"]


class Stated(BaseModel):
    """What a file says; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rate(Stated):
    """What is charged for an hour."""

    each: Literal["core", "gpu", "node"]  # of what; a node is charged whole
    units: Positive  # for an hour of it
    cores_per_node: Count | None = None
    gpus_per_node: Count | None = None
    partition: str = ""  # that this is the rate of
    about: bool = False  # the centre itself calls it an approximation

    @model_validator(mode="after")
    def _nodes_have_a_size(self) -> Self:
        if self.each == "node" and self.cores_per_node is None and self.gpus_per_node is None:
            raise ValueError("found a rate for each node; expected cores_per_node or gpus_per_node beside it")
        return self

    def units_of(self, cores: int, gpus: int, seconds: float) -> float:
        """What a training is charged that holds cores and GPUs for some seconds; nodes are rounded up to whole ones."""
        held = {"core": cores, "gpu": gpus, "node": self.nodes(cores, gpus)}[self.each]
        return held * self.units * seconds / 3600

    def nodes(self, cores: int, gpus: int) -> int:
        """Whole nodes that hold these cores and GPUs; 0 where the file does not say how large a node is."""
        parts = [(cores, self.cores_per_node), (gpus, self.gpus_per_node)]
        return max(math.ceil(count / size) if size else 0 for count, size in parts)


class Ask(Stated):
    """A line of a form, and the parts of a proposal that answer it."""

    line: str
    answered_by: list[Part] = Field(min_length=1)


class Form(Stated):
    """What an application asks of the section on scaling."""

    source: str
    read: date
    asks: list[Ask]


class Centre(Stated):
    """Who grants computing time."""

    name: str
    unit: str
    source: str | None  # the public page that says so; null: no centre, but a unit
    read: date | None  # when
    cpu: Rate | None = None  # of trainings on cores
    gpu: Rate | None = None  # of trainings on GPUs
    form: Form | None = None

    def rate(self, device: str) -> Rate | None:
        """The rate for trainings on a device; None where the file has none."""
        return self.gpu if device == "cuda" else self.cpu


def read(path: Path) -> Centre:
    """A centre, as its file has it.

    Raises:
        UserError: there is no such file, or it is written otherwise.
    """
    try:
        return Centre.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}; expected the file of a centre") from None
    except ValidationError as error:
        raise UserError(f"{path}: {first_fault(error)}; see the files of config/centres") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path}: no YAML: {' '.join(str(error).split())}") from None
