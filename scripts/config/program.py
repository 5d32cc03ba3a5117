"""A training script of the user's own, measured in place of scalecard's loop."""

import re
import shlex
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from scripts.config.settings import Count, Settings
from scripts.training.program.placeholders import PLACEHOLDERS, named

if TYPE_CHECKING:
    from scripts.config.training import Training

Seconds = Annotated[float, Field(gt=0)]


class StopAfter(Settings):
    """When a launch has been measured for long enough: the first of these that holds ends it, all ranks at one step."""

    seconds: Seconds | None = Field(None, description="of steady steps, behind the warm-up; null: no such end")
    steps: Count | None = Field(None, description="steady steps, behind the warm-up; null: no such end")
    relative_width: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None,
        description="half the width of the 95 % interval of the steps' rate, as a share of it, that is narrow enough; "
        "null: no such end",
    )


class Events(Settings):
    """What rank 0 says of its steps by itself, where hooks cannot see them."""

    file: str | None = Field(
        None,
        description="JSON lines that the script writes in `{out}`, one a step: `time` (seconds of any clock), `images` "
        "of all ranks, and `loss` where there is one",
    )
    pattern: str | None = Field(
        None,
        description="regular expression of its log lines, with the group `images` (of all ranks, since the line "
        "before) or `images_per_second`, and `loss` where there is one; a line's time is when it is printed",
    )

    @field_validator("pattern")
    @classmethod
    def _names_what_is_counted(cls, pattern: str | None) -> str | None:
        try:
            groups = re.compile(pattern or "(?P<images>)").groupindex
        except re.error as error:
            raise ValueError(f"found {pattern!r}, no regular expression ({error})") from None
        if not {"images", "images_per_second"} & groups.keys():
            raise ValueError(f"found {pattern!r}; expected a group (?P<images>...) or (?P<images_per_second>...)")
        return pattern

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.file is not None and self.pattern is not None:
            raise ValueError("found both file and pattern; expected one of them")
        return self


class Program(Settings):
    """A command, started as torchrun would start it, and watched from inside; `config/studies/own_script.yaml` is a
    template. With it a study measures this script alone: no images are packed, no loading is measured, and of
    `training` only workers, threads, loader_workers, precision, scaling, global_batch, warmup_steps, workers_per_node,
    cores_at_most, device and blocks mean something.
    """

    command: str = Field(
        min_length=1,
        description="script, or -m and a module, with its arguments; placeholders in braces are filled in: "
        + ", ".join(f"{{{name}}}" for name in PLACEHOLDERS),
    )
    folder: str = Field(".", description="folder that it is started in, and its script's path is relative to")
    python: str | None = Field(
        None, description="its interpreter, of Python 3.9 or later, as /home/me/env/bin/python; null: scalecard's own"
    )
    name: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")] | None = Field(
        None, description="what its points are called; null: the script's name"
    )
    environment: dict[str, str] = Field(
        {}, description="variables that it is given; placeholders are filled in here too"
    )
    files: list[str] = Field(
        ["*.py"],
        description="files that its measurements depend on, beside the script: patterns in the script's folder; an "
        "edit of one makes them stale",
    )
    launcher: Literal["torchrun", "none"] = Field(
        "torchrun",
        description="torchrun: one process a rank is started, with torchrun's variables; none: one process is started, "
        "which starts its own ranks as {workers} says",
    )
    stop_after: StopAfter = StopAfter()
    events: Events = Events()
    join_seconds: Seconds = Field(
        600, description="longest time to the end of the first step; a launch that takes longer is ended"
    )
    step_seconds: Seconds = Field(
        600, description="longest time without a step, or behind the last one, before it is ended"
    )
    memory_mb: Count = Field(4000, description="MB that a rank needs, for schedulers")

    @field_validator("command")
    @classmethod
    def _can_be_split(cls, command: str) -> str:
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise ValueError(f"found {command!r}, whose words cannot be told apart ({error})") from None
        if words[:1] == ["-m"] and len(words) == 1:
            raise ValueError("found -m alone; expected a module behind it")
        if words[:1] and words[0] in {"torchrun", "python", "python3", "accelerate"}:
            raise ValueError(
                f"begins with {words[0]}; expected the script itself, as 'train.py --epochs 1', since scalecard starts "
                "its ranks as torchrun does"
            )
        return command

    @model_validator(mode="after")
    def _placeholders_are_known(self) -> Self:
        for text in (self.command, *self.environment.values()):
            for name in named(text):
                if name not in PLACEHOLDERS:
                    raise ValueError(f"found {{{name}}}; expected one of {', '.join(PLACEHOLDERS)}")
        if self.events.file is not None and "out" not in self.used:
            raise ValueError("events.file: lies in the launch's own folder, and the command does not use {out}")
        return self

    @property
    def of_a_launch(self) -> dict[str, Any]:
        """The settings that a launch depends on, wherever the script and its interpreter lie."""
        names = {"command", "environment", "launcher", "stop_after", "events", "join_seconds", "step_seconds"}
        return self.model_dump(include=names)

    @property
    def used(self) -> set[str]:
        """The placeholders that the command or its variables use."""
        return {name for text in (self.command, *self.environment.values()) for name in named(text)}

    @property
    def script(self) -> str:
        """The script's path, as it is written, or the module's name behind -m."""
        words = shlex.split(self.command)
        return words[1] if words[0] == "-m" else words[0]

    @property
    def is_module(self) -> bool:
        """Whether it is started as a module (-m)."""
        return shlex.split(self.command)[0] == "-m"

    @property
    def label(self) -> str:
        """What its points are called."""
        last = self.script.rpartition("/")[2].removesuffix(".py")
        return self.name or re.sub(r"[^a-z0-9_]+", "_", last.lower()).strip("_") or "program"


def unheard(program: Program, training: "Training") -> str | None:
    """The first axis of the sweep that a launch would hear nothing of, in terms of the config."""
    used, several = program.used, max(training.workers) > 1
    if program.launcher == "none" and several and "workers" not in used:
        return "uses no {workers}, and with launcher none nothing else tells it of training.workers"
    if program.launcher == "none" and any(point.nodes > 1 for point in training.points().values()):
        return "launcher none starts one process, on one node; found training.workers_per_node, expected null"
    if training.loaders_of_ranks != [0] and "loader_workers" not in used:
        return f"uses no {{loader_workers}}; found training.loader_workers {training.loader_workers}, expected 0"
    if training.precisions != ["fp32"] and "precision" not in used:
        return f"uses no {{precision}}; found training.precision {training.precision}, expected fp32"
    if several and "strong" in training.scalings and not used & {"batch_per_rank", "global_batch"}:
        return (
            "uses neither {batch_per_rank} nor {global_batch}, so a rank's batch stays as it is for every worker "
            "count, which is weak scaling; found training.scaling strong, expected weak"
        )
    return None
