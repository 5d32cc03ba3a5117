"""The scaling tables as people read them: rows from the parquet files, columns, captions, reasons.

The page (render_page) shows every column, the terminal (print_tables) the brief ones.
"""

import re
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel

from scripts import format as show
from scripts.record import Record
from scripts.report.words.point_words import Names
from scripts.scaling.tables.rows import JobRow, LoadingRow, Row, TrainingRow

R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class Column:
    """One column: what it is called, which fields of a row it is made of, how they become text."""

    title: str
    fields: tuple[str, ...]  # the first one's description explains the column
    show: Callable[..., str]
    brief: str | None = None  # the terminal's title; None: not there
    paper: bool = False  # whether tables for a paper have it, beside the brief ones
    text: bool = False  # words, aligned left

    def cell(self, row: BaseModel) -> str:
        """The text of this column in `row`."""
        return self.show(*(getattr(row, field) for field in self.fields))

    def meaning(self, kind: type[BaseModel]) -> str:
        """What the column says, from the model of its rows."""
        return kind.model_fields[self.fields[0]].description or ""


def status(validity: str, marks: str) -> str:
    """The marks of a row, `invalid` first; empty where there is nothing to say."""
    return " ".join(filter(None, ["invalid" if validity == "invalid" else "", marks]))


_POINT = [Column("point", ("point",), str, brief="point", text=True)]
_STATUS = [Column("marks", ("validity", "marks"), status, brief="marks", text=True)]
_TIME = [
    Column("cores", ("cores",), show.count, brief="cores"),
    Column("n", ("blocks",), show.count, brief="n"),
    Column("seconds", ("seconds",), show.number, brief="sec-\nonds"),
    Column("min to max", ("seconds_min", "seconds_max"), show.span, text=True),
    Column("images/s", ("images_per_second",), show.number, brief="images\n/s"),
]
_RATIO = [
    Column("speedup", ("speedup", "speedup_low", "speedup_high"), show.ratio, brief="speedup", text=True),
    Column("efficiency", ("efficiency",), show.ratio, brief="eff."),
]
_WORKERS = [Column("workers", ("workers",), show.count)]
_SERIAL = Column("serial fraction", ("serial_fraction",), show.fraction, paper=True)
_COST = [
    Column("core-hours", ("core_hours",), show.number, paper=True),
    Column("GPU-hours", ("gpu_hours",), show.number, paper=True),
    Column("cost", ("cost",), show.number, paper=True),
    Column("packages J", ("package_joules",), show.number, paper=True),
    Column("GPUs J", ("gpu_joules",), show.number, paper=True),
]
# Of one launch that passes over the images once: they add up.
_PARTS = [
    Column("take ms", ("take_seconds",), show.milliseconds),
    Column("decode ms", ("decode_seconds",), show.milliseconds),
    Column("read ms", ("read_seconds",), show.milliseconds),
    Column("transport ms", ("transport_seconds",), show.milliseconds),
    Column("once ms", ("once_seconds",), show.milliseconds),
    Column("whole ms", ("whole_seconds",), show.milliseconds),
]

# What matters most comes first: a narrow window shows the left end of the table.
TRAINING = [
    *_POINT,
    *_STATUS,
    *_TIME,
    *_RATIO,
    replace(_SERIAL, brief="serial\nfract."),
    Column("steps per epoch", ("steps_per_epoch",), show.count, brief="steps/\nepoch"),
    Column("test accuracy", ("test_accuracy",), show.share, brief="test\nacc."),
    Column("F1", ("f1",), show.share, brief="F1"),
    Column("precision", ("precision",), show.share),
    Column("recall", ("recall",), show.share),
    Column("seconds per epoch", ("epoch_seconds",), show.number),
    Column("seconds to target", ("seconds_to_target",), show.number, paper=True),
    Column("loss distance", ("loss_distance",), show.share),
    Column("global batch", ("global_batch",), show.count),
    Column("numbers", ("precision_of_numbers",), str, text=True),
    Column("scaling", ("scaling",), str, text=True),
    Column("variant", ("variant",), str, text=True),
    *_WORKERS,
    Column("threads", ("threads",), show.count),
    *_COST,
]
LOADING = [
    *_POINT,
    *_STATUS,
    *_TIME,
    Column("images/s interval", ("images_per_second_low", "images_per_second_high"), show.interval, text=True),
    *_RATIO,
    _SERIAL,
    Column("CPU ms an image", ("cpu_milliseconds",), show.number, brief="CPU\nms"),
    Column("first batch s", ("first_batch_seconds",), show.number, brief="first\nbatch"),
    Column("memory GiB", ("pss_bytes",), show.gibibytes, brief="memory\nGiB"),
    *_PARTS,
    Column("startup s", ("startup_seconds",), show.number),
    Column("shutdown s", ("shutdown_seconds",), show.number),
    Column("MiB from storage", ("storage_bytes",), show.mebibytes),
    Column("passes", ("passes",), show.whole),
    Column("CPU seconds", ("cpu_seconds",), show.number),
    Column("shared GiB", ("shared_bytes",), show.gibibytes),
    Column("open files", ("descriptors",), show.whole),
    Column("peak resident GiB, summed", ("peak_rss_bytes",), show.gibibytes),
    *_WORKERS,
    Column("chunk", ("chunk",), show.count),
    Column("source", ("source",), str, text=True),
    Column("decoder", ("decoder",), str, text=True),
    Column("error of pixels", ("decode_error",), show.number),
    Column("checked", ("check",), str, text=True),
    Column("page cache", ("page_cache",), str, text=True),
    Column("start method", ("start_method",), show.word, text=True),
    Column("returns", ("returns",), show.word, text=True),
    Column("prefetch", ("prefetch",), show.count),
    *_COST,
]
ATTRIBUTION = [*_POINT, *(replace(column, brief=column.title.removesuffix(" ms")) for column in _PARTS)]
ATTRIBUTION_NOTE = (
    "Milliseconds of a launch that passes over the images once: take + decode + read + transport + once = whole. All "
    "are of one block, that with the median whole. Take: ready images (headspace). Decode and read: what decoding "
    "alone and the serial way need beyond that, divided by the workers. Transport: the rest of the pass, below 0 where "
    "it beat that division. Once: start, the first pass beyond a timed one, shutdown."
)
STRATEGIES = [
    Column("cores", ("cores",), show.count, brief="cores"),
    Column("point", ("point",), str, brief="point", text=True),
    Column("images/s", ("images_per_second",), show.number, brief="images\n/s"),
    Column(
        "of the fastest",
        ("of_fastest", "of_fastest_low", "of_fastest_high"),
        show.ratio,
        brief="of the\nfastest",
        text=True,
    ),
    Column("verdict", ("verdict",), str, brief="verdict", text=True),
    Column("test accuracy", ("test_accuracy",), show.share, brief="test\nacc."),
    Column("core-hours", ("core_hours",), show.number, brief="core-\nhours"),
]
STRATEGIES_NOTE = (
    "Points that share a baseline and their number of cores, the fastest first. Images/s are a share of its, along "
    "shared blocks. Tied: the interval holds 1."
)
JOBS_NOTE = "Medians over the n Slurm jobs of a point that accounting knows."
# The brief ones are shown as medians, one line a point.
JOBS = [
    Column("point", ("point",), str, text=True),
    Column("block", ("block",), show.count),
    Column("queue s", ("queue_seconds",), show.whole, brief="queue s"),
    Column("run s", ("run_seconds",), show.whole, brief="run s"),
    Column("CPU efficiency", ("cpu_efficiency",), show.share, brief="CPU eff."),
    Column("MaxRSS GiB", ("max_rss_bytes",), show.gibibytes, brief="MaxRSS GiB"),
    Column("requested GiB", ("requested_memory_bytes",), show.gibibytes),
    Column("nodes", ("nodes",), show.count),
    Column("CPUs", ("cpus",), show.count),
    Column("CPU s held", ("allocated_cpu_seconds",), show.count),
    Column("CPU s used", ("used_cpu_seconds",), show.number),
    Column("state", ("state",), show.word, text=True),
    Column("exit", ("exit_code",), show.word, text=True),
    Column("job", ("job_id",), show.word),
    Column("attempt", ("attempt",), show.count),
    Column("accounting", ("accounting",), str, text=True),
]


def by_scaling(rows: Sequence[TrainingRow]) -> dict[str, list[TrainingRow]]:
    """Strong and weak scaling apart, which answer different questions."""
    return {name: [row for row in rows if row.scaling == name] for name in dict.fromkeys(row.scaling for row in rows)}


def job_medians(rows: Iterable[JobRow]) -> list[list[str]]:
    """Of each point that accounting knows jobs of: the point, how many, and medians of the brief columns of JOBS."""
    known: dict[str, list[JobRow]] = {}
    for row in rows:
        if row.state is not None:
            known.setdefault(row.point, []).append(row)
    found = []
    for point, mine in known.items():
        cells = []
        for column in job_columns():
            values = [value for row in mine if (value := getattr(row, column.fields[0])) is not None]
            cells.append(column.show(statistics.median(values) if values else None))
        found.append([point, show.count(len(mine)), *cells])
    return found


def job_columns() -> list[Column]:
    """The columns of `job_medians` beyond point and n."""
    return [column for column in JOBS if column.brief is not None]


def valid(rows: Iterable[R]) -> list[R]:
    """The rows that hold measurements."""
    return [row for row in rows if row.validity == "valid"]


def baselines(rows: Sequence[R]) -> list[R]:
    """The rows that others are divided by, in order of the table."""
    wanted = {row.baseline for row in rows}
    return [row for row in rows if row.point in wanted]


def reasons(row: Row) -> list[str]:
    """A sentence for each block that does not count or was disturbed, and for whatever else is missing."""
    said = [text for text in (row.reason, row.noise) if text]
    found = [one for text in said for one in re.split(r"\. (?=block \d+: |no )", text)]
    again = "1 launch was" if row.set_aside == 1 else f"{row.set_aside} launches were"
    return [*found, f"{again} set aside and measured again"] if row.set_aside else found


def explanations(row: Row) -> list[str]:
    """The reasons of a row, each said once: `blocks 1, 3: drifted: ...`."""
    blocks: dict[str, list[str]] = {}
    for reason in reasons(row):
        found = re.match(r"block (\d+): (.*)", reason, flags=re.DOTALL)
        blocks.setdefault(found[2] if found else reason, []).extend([found[1]] if found else [])
    return [
        f"block{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}: {reason}" if numbers else reason
        for reason, numbers in blocks.items()
    ]


def counted(records: Iterable[Record], row: Row) -> list[Record]:
    """The records that `row` is made of, in order of block."""
    used = {int(block) for block in row.blocks_used.split()}
    mine = [one for one in records if one.point_id == row.point and one.block in used]
    return sorted(mine, key=lambda one: one.block)


def note(kind: type[Row]) -> str:
    """What a second of the table is spent on."""
    spent = {
        TrainingRow: "train all epochs at the slowest rank, without warm-up steps and evaluation",
        LoadingRow: "bring every training image to memory once",
    }[kind]
    more = {
        TrainingRow: "",
        LoadingRow: " CPU ms are those of all processes, for an image. First batch: seconds until the first image "
        "came, workers started. A ceiling is no way to load, but what one could reach at most.",
    }[kind]
    return f"Seconds {spent}. They are the median over n valid launches, each of its own block.{more}"


def divisor(rows: Sequence[Row], names: Names) -> str:
    """What the speedups of a table divide by, and what their brackets hold."""
    divided_by = [
        f"{names.title(row.point)} ({row.point}): "
        + (f"{show.number(row.seconds)} s (n = {row.blocks})" if row.blocks else "invalid")
        for row in baselines(rows)
    ]
    level = f"{show.percent(rows[0].confidence)} interval"
    kind = "model, precision and scaling" if isinstance(rows[0], TrainingRow) else "storage and page cache"
    if len(divided_by) > 1:
        divided_by = [f"the baseline of its {kind}", *(f"{one[0].upper()}{one[1:]}" for one in divided_by)]
    return (
        f"Speedup is against {'. '.join(divided_by)}. In brackets its {level}, of each statement alone: along "
        "shared blocks, as measured and at equal speed of the machine. There is no bracket where n is below 3."
    )


def table(rows: Sequence[Row], columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Each row as the texts of its columns, with what is said below it."""
    return [
        {"row": row, "cells": [column.cell(row) for column in columns], "reasons": explanations(row)} for row in rows
    ]
