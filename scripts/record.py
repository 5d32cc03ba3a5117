"""The record: the JSON file that one launch of one point in one block writes. All that is printed comes from these.

A field's comment gives its meaning and unit. Reading a record of an unknown schema version is an error.
"""

import hashlib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scripts.atomic import write_text
from scripts.errors import UserError


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fault(_Part):
    """One thing that makes a run count for nothing."""

    parameter: str
    expected: Any
    actual: Any

    def __str__(self) -> str:
        return f"{self.parameter}: expected {self.expected}, found {self.actual}"


class Validity(_Part):
    """Whether the run did the work that it was timed for."""

    ok: bool
    faults: list[Fault]

    @classmethod
    def of(cls, checks: dict[str, tuple[Any, Any]]) -> Self:
        """From `{parameter: (expected, actual)}`: each unequal pair is a fault."""
        faults = [
            Fault(parameter=name, expected=expected, actual=actual)
            for name, (expected, actual) in checks.items()
            if expected != actual
        ]
        return cls(ok=not faults, faults=faults)


class Environment(_Part):
    """What the run ran on."""

    started: str  # UTC, ISO 8601
    host: str
    cpu_model: str
    usable_cores: int  # that the run's processes may use, over all machines
    machine_cores: int  # that these machines have; on a cluster a job may be bound to some of them
    memory_bytes: int
    kernel: str
    gpu: str | None
    python: str
    packages: dict[str, str]
    threads: dict[str, str]  # thread settings of the process environment
    job_id: str | None  # of Slurm
    nodes: list[str]
    start_method: str | None  # of worker processes, where there are any
    page_cache: str  # warm or cold
    allocator: str  # of memory: glibc, tcmalloc or jemalloc


class Noise(_Part):
    """What disturbed the run."""

    calibration_before: float  # seconds of the fixed kernel of scripts/clock.py: what a core can do
    calibration_after: float
    foreign_cores: float  # cores that other processes, or the hypervisor, used on average during the run
    load_average: float  # of the last minute, at the end
    cpu_mhz: float | None
    involuntary_context_switches: int  # of the recording process

    @property
    def drift(self) -> float:
        """Relative difference of the two calibrations."""
        return abs(self.calibration_after / self.calibration_before - 1)


class Epoch(_Part):
    """One pass over the training split."""

    loss: float  # mean training loss, nats
    valid_accuracy: float
    seconds: float  # training steps only, slowest rank


class ClassScores(_Part):
    """How well a network did on the test images of one class; 0 where a share is of none."""

    precision: float  # share of those predicted that are of the class
    recall: float  # share of those of the class that are predicted
    f1: float  # harmonic mean of the two
    images: int  # of the class


class Quality(_Part):
    """What a training run learned."""

    epochs: list[Epoch]
    steps_per_epoch: int
    classes: list[str]
    test_accuracy: float
    precision: float  # macro mean over classes
    recall: float  # macro mean over classes
    f1: float  # macro mean over classes
    per_class: list[ClassScores]  # in the order of `classes`
    confusion: list[list[int]]  # rows: true class; columns: predicted
    seconds_to_target: float | None  # training seconds until validation accuracy reached the target; null: never
    precision_emulated: bool  # the device computes numbers of this precision by others


class Loaded(_Part):
    """How a loading launch went, beside its time."""

    passes: int  # timed ones, over all training images
    first_batch_seconds: float  # from the first request, workers started, to the first image
    first_pass_seconds: float  # the whole first pass, which is in no rate: workers import, caches fill
    steady_cpu_seconds: float  # user and system, all processes but a server of its own, in the timed passes
    storage_bytes: int  # that the kernel fetched from storage in the timed passes: none where all is in the page cache
    resident_share: (
        float | None
    )  # of the files' pages in memory before a pass: the greatest if cold, the first's if warm
    network: dict[str, float] | None  # limits in force, of a source behind a network


class Record(_Part):
    """One launch of one point in one block."""

    schema_: Literal[3] = Field(3, alias="schema")
    study: str
    stage: Literal["loading", "training"]
    point_id: str
    point: dict[str, Any]  # the point's settings
    key: dict[str, Any]  # the comparison key: two records may be divided only where it agrees
    block: int  # from 1
    attempt: int = 1
    resumed: bool = False
    cores: int
    images: int  # brought or trained on in the steady window
    seconds: float  # steady state, slowest rank
    images_per_second: float
    phases: dict[str, float]  # seconds; add up to wall_seconds
    wall_seconds: float
    cpu_seconds: float  # user and system, all processes of the run
    peak_rss_bytes: int
    package_joules: float | None = None  # processors and their memory: training from warm-up on, loading one timed pass
    gpu_joules: float | None = None  # of the GPUs that it used
    quality: Quality | None  # training only
    loaded: Loaded | None = None  # loading only; null where it failed
    validity: Validity
    environment: Environment
    noise: Noise

    @property
    def workers(self) -> int:
        """Processes or threads that load, or ranks that train."""
        return int(self.point["workers"])

    @property
    def oversubscribed(self) -> bool:
        """More cores asked for than the run's machines let it use."""
        return self.cores > self.environment.usable_cores


def file_digest(path: Path) -> str:
    """What tells one file from another: 12 hex digits of its sha256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def write(record: Record, path: Path) -> None:
    """Write a record, whole or not at all."""
    write_text(path, record.model_dump_json(indent=1, by_alias=True) + "\n")


def read(path: Path) -> Record:
    """The record in a file.

    Raises:
        UserError: it is no record of this schema version.
    """
    try:
        return Record.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "file"
        raise UserError(f"{path}: no record of schema 3: {where}: {first['msg']}") from None
