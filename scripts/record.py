"""The record: the JSON file that one launch of one point in one block writes. All that is printed comes from these.

A field's comment gives its meaning and unit. A record is believed only if its schema is known, its numbers are finite,
those that say the same agree, and it stands where its study, stage, point and block belong.
"""

import math
import shlex
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from pydantic import Field, ValidationError, model_validator

from scripts.atomic import write_text
from scripts.errors import UserError, first_fault
from scripts.outcomes import CLOSE, ClassScores, Epoch, Loaded, Part, Quality, Watched
from scripts.quantities import Count, Moment, NotNegative, Plain, Positive, Whole

__all__ = ["ClassScores", "Epoch", "Loaded", "Quality", "Watched"]  # parts of a record, of outcomes.py

VERSION = "version of "  # begins the fields of a comparison key that hold a package's version
PHYSICAL_CORES = "physical cores"  # that the usable ones are hardware threads of, among an environment's `threads`


class Fault(Part):
    """One thing that makes a run count for nothing."""

    parameter: str
    expected: Any
    actual: Any

    def __str__(self) -> str:
        return f"{self.parameter}: expected {self.expected}, found {self.actual}"


class Validity(Part):
    """Whether the run did the work that it was timed for."""

    ok: bool
    faults: list[Fault]

    @model_validator(mode="after")
    def _ok_without_faults(self) -> Self:
        if self.ok == bool(self.faults):
            raise ValueError(f"ok: found {self.ok}, expected {not self.faults} beside {len(self.faults)} faults")
        return self

    @classmethod
    def of(cls, checks: dict[str, tuple[Any, Any]]) -> Self:
        """From `{parameter: (expected, actual)}`: each unequal pair is a fault."""
        faults = [
            Fault(parameter=name, expected=expected, actual=actual)
            for name, (expected, actual) in checks.items()
            if expected != actual
        ]
        return cls(ok=not faults, faults=faults)


class Environment(Part):
    """What the run ran on."""

    started: Moment  # of the process, UTC, ISO 8601 to the millisecond
    host: str
    pid: Count  # of the process that wrote the record; with host and start, of this launch alone
    cpu_model: str
    usable_cores: Count  # that the run's processes may use, over all machines
    machine_cores: Count  # that these machines have; on a cluster a job may be bound to some of them
    memory_bytes: Count
    kernel: str
    gpu: str | None
    python: str
    packages: dict[str, str]
    threads: dict[str, str]  # what libraries find in the environment, or was set aside; PHYSICAL_CORES, if fewer
    job_id: str | None  # of Slurm
    nodes: list[str]
    start_method: str | None  # of worker processes, where there are any
    page_cache: str  # warm or cold; of a training whose images did not stay in memory, how much of them did
    allocator: str  # of memory: glibc, tcmalloc or jemalloc


class Noise(Part):
    """What disturbed the run."""

    calibration_before: Positive  # seconds of the fixed kernel of scripts/calibration.py: what a core can do
    calibration_after: Positive
    calibration_spread: NotNegative = 0.0  # relative spread of the kernel's single runs
    foreign_cores: NotNegative  # cores that other processes, or the hypervisor, used on average during the run
    steal_cores: NotNegative | None = None  # those that the hypervisor took; null: this machine does not tell
    throttled: bool | None = None  # a core (heat, power) or a cgroup (its quota) was slowed down; null: not told
    load_average: NotNegative  # of the last minute, at the end
    cpu_mhz: NotNegative | None
    involuntary_context_switches: Whole  # of the recording process

    @property
    def drift(self) -> float:
        """Relative difference of the two calibrations."""
        return abs(self.calibration_after / self.calibration_before - 1)


class SetAside(Part):
    """A launch that was measured again at once, since it says less of its point than of what disturbed it."""

    seconds: Positive  # as the record's
    reason: str


class Launch(NamedTuple):
    """What no two launches have in common."""

    host: str
    started: str
    pid: int

    def __str__(self) -> str:
        return f"process {self.pid} of {self.host}, started {self.started}"


class Record(Part):
    """One launch of one point in one block."""

    schema_: Literal[4] = Field(4, alias="schema")
    study: str
    stage: Literal["loading", "training"]
    point_id: str
    point: Plain  # the point's settings
    key: Plain  # the comparison key: two records may be divided only where it agrees
    block: Whole  # from 1; 0: the training of the network that is kept
    attempt: Count = 1
    resumed: bool = False
    cores: Count
    images: Whole  # brought or trained on in the steady window; 0 of a launch that failed, or measured nothing
    seconds: Positive  # steady state, slowest rank; loading: of a pass, mean
    images_per_second: NotNegative
    phases: dict[str, NotNegative]  # seconds; add up to wall_seconds
    wall_seconds: Positive
    cpu_seconds: NotNegative  # user and system, all processes of the run
    peak_rss_bytes: Count
    # Processors and their memory: training from warm-up on, loading one timed pass.
    package_joules: NotNegative | None = None
    gpu_joules: NotNegative | None = None  # of the GPUs that it used
    quality: Quality | None  # training by scalecard's own loop only
    loaded: Loaded | None = None  # loading only; null where it failed
    watched: Watched | None = (
        None  # training scripts of the user's own, in place of `quality`; null where none made a step
    )
    validity: Validity
    environment: Environment
    noise: Noise  # of the launch that the seconds are of
    set_aside: list[SetAside] = Field([])  # earlier launches of this job, in their order

    @property
    def workers(self) -> int:
        """Processes or threads that load, or ranks that train."""
        return int(self.point["workers"])

    @property
    def oversubscribed(self) -> bool:
        """More cores asked for than the run's machines let it use."""
        return self.cores > self.environment.usable_cores

    @property
    def shares_cores(self) -> bool:
        """More cores asked for than physical ones, though enough are usable; False where the machine does not tell."""
        physical = self.environment.threads.get(PHYSICAL_CORES, "")
        return physical.isdecimal() and int(physical) < self.cores <= self.environment.usable_cores

    @property
    def passes(self) -> int:
        """How often the seconds were spent on the images."""
        return self.loaded.passes if self.loaded else 1

    @property
    def launch(self) -> Launch:
        """What tells it from every other launch."""
        return Launch(self.environment.host, self.environment.started, self.environment.pid)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.stage == "training" and self.quality is None and self.watched is None and self.validity.ok:
            raise ValueError("quality: found none, expected what the training learned")
        if self.stage == "loading" and self.validity.ok:
            if self.loaded is None:
                raise ValueError("loaded: found none, expected how a launch without a fault went")
            if lacking := {"startup", "shutdown"} - self.phases.keys():
                raise ValueError(f"phases: found none of {', '.join(sorted(lacking))}, expected those of a launch")
        if self.validity.ok and not self.images:
            raise ValueError("images: found 0, expected some of a launch without a fault")
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        steady = self.seconds * self.passes
        rate = self.images / steady
        if not math.isclose(self.images_per_second, rate, rel_tol=CLOSE):
            expected = f"{rate:g}, {self.images} images in {steady:g} s"
            raise ValueError(f"images_per_second: found {self.images_per_second:g}, expected {expected}")
        phases = math.fsum(self.phases.values())
        if not math.isclose(phases, self.wall_seconds, rel_tol=CLOSE):
            raise ValueError(f"phases: found {phases:g} s in all, expected wall_seconds, {self.wall_seconds:g} s")
        # What was done before an interruption is in no wall clock of what came after it.
        if not self.resumed and steady > self.wall_seconds * (1 + CLOSE):
            raise ValueError(f"seconds: found {steady:g} s of work, expected at most {self.wall_seconds:g} s, the wall")
        return self


def write(record: Record, path: Path) -> None:
    """Write a record, whole or not at all."""
    write_text(path, record.model_dump_json(indent=1, by_alias=True) + "\n")


def broken(path: Path, what: str) -> UserError:
    """The error of a record that is not believed."""
    return UserError(f"{path}: {what}; remove it, and it is measured again: rm {shlex.quote(str(path))}")


def read(path: Path) -> Record:
    """The record in a file.

    Raises:
        UserError: it is no record of this schema version, denies itself, or stands where another belongs.
    """
    try:
        found = Record.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise broken(path, f"no record of schema 4: {first_fault(error)}") from None
    _check_home(found, path)
    return found


def _check_home(one: Record, path: Path) -> None:
    """Raises UserError where a record of results/<study>/<stage>/records/<point>/b<block>.json is another's."""
    *_, study, stage, folder, point, name = ("", "", "", "", *path.absolute().parts)
    if folder != "records":
        return
    found = {"study": one.study, "stage": one.stage, "point_id": one.point_id, "block": f"b{one.block}.json"}
    for field, here in zip(found, (study, stage, point, name), strict=True):
        if found[field] != here:
            raise broken(path, f"{field}: found {found[field]}, expected {here}, where it stands")
