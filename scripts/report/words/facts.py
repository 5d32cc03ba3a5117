"""What the page says beside the tables: the images, the machines, the noise, what the baseline confused."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from scripts import format as show
from scripts.images.cut import SPLITS
from scripts.record import ClassScores, Record
from scripts.report.words.shown import CLASSES
from scripts.report.words.tables import baselines, counted
from scripts.scaling.comparing.faults import noisy
from scripts.scaling.comparing.limits import DRIFT, FOREIGN
from scripts.scaling.tables.rows import TrainingRow

FIRST_REJECTS = 5
NONE = "none"


@dataclass(frozen=True)
class Images:
    """What the study is made of."""

    classes: list[str]
    splits: dict[str, int]  # images of train, valid and test
    rejects: int  # files that could not be packed
    first_rejects: list[tuple[str, str]]  # path and reason
    groups: int  # of images that share a split
    known: int  # images in a group that the user, or the data set, names
    unused: int  # images left out, since their copies are in valid or test
    leaks: dict[str, float]  # scripts/images/leaks.py

    @property
    def total(self) -> int:
        return sum(self.splits.values())


@dataclass(frozen=True)
class Confusion:
    """How one launch classified the test images."""

    point: str
    block: int
    accuracy: float
    classes: list[str]
    counts: list[list[int]]  # rows: true class; columns: predicted
    scores: list[ClassScores]
    record: str  # where the whole of it stands, in the study's folder

    @property
    def shown(self) -> range:
        """The classes that the page has room for, by their number."""
        return range(min(len(self.classes), CLASSES))

    @property
    def total(self) -> int:
        return sum(map(sum, self.counts))

    def share(self, true: int, predicted: int) -> float:
        """Of the images of class `true`, the share called `predicted`."""
        return self.counts[true][predicted] / (sum(self.counts[true]) or 1)


def images(split: Path, rejects: Path, leaks: Path) -> Images:
    """From `split.parquet`, `rejects.csv` and `leaks.json`."""
    good = pd.read_parquet(split)
    bad = pd.read_csv(rejects, dtype=str, keep_default_na=False)
    counts = good["split"].value_counts()
    return Images(
        classes=sorted(good["class"].unique()),
        splits={name: int(counts.get(name, 0)) for name in SPLITS},
        groups=good["group"].nunique(),
        known=int(good["group"].str.startswith("csv:").sum()),
        unused=len(good) - int(sum(counts.get(name, 0) for name in SPLITS)),
        leaks=json.loads(leaks.read_text()),
        rejects=len(bad),
        first_rejects=[(str(row.path), str(row.reason)) for row in bad.head(FIRST_REJECTS).itertuples()],
    )


def confusions(rows: Sequence[TrainingRow], records: Sequence[Record]) -> list[Confusion]:
    """Of each baseline, the first launch that counts."""
    found = []
    for row in baselines(rows):
        one = next(iter(counted(records, row)), None)
        if one is not None and one.quality is not None:
            quality = one.quality
            found.append(
                Confusion(
                    *(row.point, one.block, quality.test_accuracy, quality.classes),
                    counts=quality.confusion,
                    scores=quality.per_class,
                    record=f"training/records/{one.point_id}/b{one.block}.json",
                )
            )
    return found


def environment(records: Sequence[Record]) -> list[tuple[str, str]]:
    """Name and value of each fact; where launches differ, every value, in order of first appearance."""
    found = [one.environment for one in records]
    packages = sorted({name for one in found for name in one.packages})
    variables = sorted({name for one in found for name in one.threads})
    hosts = {node for one in found for node in [one.host, *one.nodes]}
    versions = [f"{name} {_distinct(one.packages.get(name) for one in found)}" for name in packages]
    settings = [f"{name} {_distinct(one.threads.get(name, 'unset') for one in found)}" for name in variables]
    return [
        ("Launches", f"{len(records):,} on {len(hosts)} {'host' if len(hosts) == 1 else 'hosts'}"),
        ("CPU", _distinct(one.cpu_model for one in found)),
        ("Usable cores", _distinct(one.usable_cores for one in found)),
        ("Memory", _distinct(f"{show.number(one.memory_bytes / show.GIB)} GiB" for one in found)),
        ("GPU", _distinct(one.gpu for one in found)),
        ("Kernel", _distinct(one.kernel for one in found)),
        ("Packages", ", ".join([f"python {_distinct(one.python for one in found)}", *versions])),
        ("Settings of libraries", ", ".join(settings) or NONE),
        ("Start method of workers", _distinct(one.start_method for one in found)),
        ("Memory allocator", _distinct(one.allocator for one in found)),
        ("Page cache", _distinct(one.page_cache for one in found)),
    ]


def noise(records: Sequence[Record]) -> list[tuple[str, str]]:
    """The worst of what disturbed the launches, with where it happened."""
    drift = max(records, key=lambda one: one.noise.drift)
    foreign = max(records, key=lambda one: one.noise.foreign_cores)
    load = max(records, key=lambda one: one.noise.load_average)
    switches = max(records, key=lambda one: one.noise.involuntary_context_switches)
    steal = max(records, key=lambda one: one.noise.steal_cores or 0.0)
    again = sum(one.attempt > 1 for one in records)
    resumed = sum(one.resumed for one in records)
    aside = [launch.reason for one in records for launch in one.set_aside]
    left = [reasons[0] for one in records if (reasons := noisy(one))]
    told = [one for one in records if one.noise.throttled is not None]
    throttled = sum(bool(one.noise.throttled) for one in told)
    return [
        ("Set aside and measured again", _by_kind(aside, len(records) + len(aside))),
        ("Noisy for want of calm", _by_kind(left, len(records))),
        (
            "Largest drift",
            f"{show.percent(drift.noise.drift)} between calibrations, {_where(drift)}; limit {show.percent(DRIFT)}",
        ),
        (
            "Most use by others",
            f"{foreign.noise.foreign_cores:.2f} cores, {_where(foreign)}; limit {show.percent(FOREIGN)} of the cores",
        ),
        ("Most taken by the hypervisor", f"{steal.noise.steal_cores or 0.0:.2f} cores, {_where(steal)}"),
        ("Throttled launches", f"{throttled:,} of {len(told):,}" if told else "not known"),
        ("Highest load average", f"{load.noise.load_average:.2f}, {_where(load)}"),
        ("CPU clock", _range([one.noise.cpu_mhz for one in records])),
        (
            "Most involuntary context switches",
            f"{switches.noise.involuntary_context_switches:,}, {_where(switches)}",
        ),
        ("Second attempts", f"{again:,}"),
        ("Resumed launches", f"{resumed:,}"),
    ]


def _by_kind(reasons: Sequence[str], launches: int) -> str:
    """`3 of 60 launches: 2 disturbed, 1 drifted`, of reasons as a record gives them."""
    kinds = Counter(reason.partition(":")[0] for reason in reasons).most_common()
    named = f": {', '.join(f'{count} {kind}' for kind, count in kinds)}" if kinds else ""
    return f"{len(reasons):,} of {launches:,} launches{named}"


def _where(one: Record) -> str:
    return f"{one.stage} {one.point_id}, block {one.block}"


def _distinct(values: Iterable[object]) -> str:
    return " or ".join(dict.fromkeys(NONE if value is None else str(value) for value in values))


def _range(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    ends = dict.fromkeys(f"{end:,.0f}" for end in ((min(known), max(known)) if known else ()))
    return f"{' to '.join(ends)} MHz" if ends else "not known"
