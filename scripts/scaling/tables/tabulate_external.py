"""What may be said of trainings that somebody else measured? Their table, by the rules of scalecard's own.

Input: a CSV, a line for each launch (class Outside; columns beyond those become part of the comparison key). Outputs:
`external.csv`, `external.parquet`, as tabulate_training makes them of records. What a table from outside cannot tell,
drift, other load, loss curves, is not checked, and the page says so.

By hand:
    python -m scripts.scaling.tables.tabulate_external --table config/studies/ancestor.csv --csv external.csv \
        --parquet external.parquet --spec '{"confidence": 0.95, "prices": {}}'
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scripts import cli
from scripts.errors import UserError, first_fault
from scripts.quantities import Count, Positive, Share
from scripts.scaling.comparing.keys import differing
from scripts.scaling.tables.analysis import Group, Judged, median
from scripts.scaling.tables.costs import Prices, cost_columns
from scripts.scaling.tables.rows import TrainingRow
from scripts.scaling.tables.table_file import write_table
from scripts.spec import Spec


class ExternalSpec(Spec):
    """What the table takes from the config's `scaling`."""

    confidence: float
    prices: Prices


SAME = (
    "baseline",
    "curve",
    "workers",
    "cores",
    "nodes",
    "model",
    "strategy",
    "device",
    "precision",
    "scaling",
    "global_batch",
)


class Outside(BaseModel):
    """One line: one launch of one way to train."""

    model_config = ConfigDict(extra="allow", frozen=True)

    point: str = Field(min_length=1, description="name of the way to train")
    baseline: str = Field(min_length=1, description="name of the way that it is divided by; may be itself")
    curve: str = Field("", description="name shared by points that differ in workers alone; empty: made of the rest")
    workers: Count = Field(description="ranks")
    cores: Count = Field(description="cores of all ranks; for trainings on GPUs these")
    usable_cores: Count | None = Field(None, description="that the machine offered; empty: as many as were used")
    nodes: Count | None = Field(None, description="that the ranks are spread over; empty: not known")
    block: Count = Field(1, description="number of the repetition")
    images: Count = Field(description="trained on in `seconds`")
    seconds: Positive = Field(description="of those images, as an epoch's")
    wall_seconds: Positive | None = Field(None, description="of the whole launch; empty: `seconds`")
    model: str = Field(min_length=1, description="the network's name")
    strategy: str = Field(min_length=1, description="how it was trained, as serial or ddp")
    device: Literal["cpu", "cuda"] = Field(description="cpu or cuda")
    precision: str = Field(min_length=1, description="fp32, tf32, bf16, fp16, or amp where that is all that is known")
    scaling: Literal["strong", "weak"] = Field(description="strong: equal global batch; weak: equal batch a worker")
    global_batch: Count = Field(description="images of an optimizer's step")
    test_accuracy: Share | None = Field(None, description="share of the test images")
    package_joules: Positive | None = Field(None, description="energy of the launch's processors and their memory")
    gpu_joules: Positive | None = Field(None, description="energy of its GPUs")
    invalid: str = Field("", description="why the launch does not count; empty: it does")

    @property
    def point_id(self) -> str:
        return self.point

    @property
    def curve_name(self) -> str:
        """The curve's name, or one that is made of all that the points of a curve have in common."""
        same = (self.model, self.strategy, self.device, self.precision, self.scaling)
        rest = map(str, (self.model_extra or {}).values())
        return self.curve or "-".join([*same, *rest, f"x{self.cores // self.workers}"])

    @property
    def images_per_second(self) -> float:
        return self.images / self.seconds

    @property
    def oversubscribed(self) -> bool:
        return self.cores > (self.usable_cores or self.cores)

    @property
    def shares_cores(self) -> bool:
        return False  # no such table tells

    @property
    def key(self) -> dict[str, Any]:
        """What must agree where two launches are divided."""
        batch = f"global batch {self.global_batch}"
        if self.scaling == "weak":
            batch = f"batch {self.global_batch // self.workers} a worker"
        named = {"model": self.model, "device": self.device, "precision": self.precision}
        return named | {"batch_policy": f"{self.scaling}: {batch}"} | (self.model_extra or {})

    @property
    def faults(self) -> list[str]:
        """Why the launch does not count."""
        found = [self.invalid] if self.invalid else []
        if self.global_batch > self.images:
            found.append(f"a step of {self.global_batch:,} images is more than the {self.images:,} that were timed")
        return found


def read(table: Path) -> list[Outside]:
    """The launches of a CSV.

    Raises:
        UserError: it cannot be read, lacks a column, or a line holds what it cannot; names the line and the column.
    """
    found: dict[int, Outside] = {}
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            lines = csv.DictReader(file, restkey="", restval="", strict=True)
            for line in lines:
                if "" in line:
                    raise UserError(
                        f"scaling.external: {table}, line {lines.line_num}: found {len(line[''])} more fields than "
                        f"columns, expected {len(lines.fieldnames or [])}"
                    )
                given = {name: value for name, value in line.items() if value != ""}
                found[lines.line_num] = Outside.model_validate(given)
    except ValidationError as error:
        where = f"scaling.external: {table}, line {lines.line_num}"
        raise UserError(f"{where}: {first_fault(error)}") from None
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(f"scaling.external: {table}: cannot be read: {error}") from None
    _check(table, found)
    return list(found.values())


def _check(table: Path, found: Mapping[int, Outside]) -> None:
    """Raises UserError where the lines of a table, by number, do not go together."""
    if not found:
        raise UserError(f"scaling.external: {table}: found no line; expected one for each launch")
    names = {one.point for one in found.values()}
    firsts: dict[str, Outside] = {}
    counts: dict[tuple[str, int], str] = {}
    for number, one in found.items():
        where = f"scaling.external: {table}, line {number}"
        if one.baseline not in names:
            raise UserError(
                f"{where}: baseline: found {one.baseline!r}; expected one of the points: {', '.join(sorted(names))}"
            )
        if one.cores % one.workers:
            raise UserError(f"{where}: cores: found {one.cores}; expected a multiple of its {one.workers} workers")
        first = firsts.setdefault(one.point, one)
        for column in SAME:
            if getattr(one, column) != getattr(first, column):
                raise UserError(
                    f"{where}: {column}: found {getattr(one, column)!r}; expected {getattr(first, column)!r}, as in "
                    f"the first line of {one.point}"
                )
        other = counts.setdefault((one.curve_name, one.workers), one.point)
        if other != one.point:
            raise UserError(
                f"{where}: curve: {one.point} and {other} have {one.workers} workers each; expected a curve of its own "
                "for each, as they differ in more"
            )
    if len({(one.point, one.block) for one in found.values()}) < len(found):
        raise UserError(f"scaling.external: {table}: a point has a block twice; expected one line for each")


def rows(launches: Sequence[Outside], confidence: float, prices: Prices) -> list[TrainingRow]:
    """One row a point, in the order of the table."""
    by_point: dict[str, list[Outside]] = {}
    for one in sorted(launches, key=lambda one: one.block):
        by_point.setdefault(one.point, []).append(one)
    judged = {point: _judge(mine, by_point[mine[0].baseline]) for point, mine in by_point.items()}
    baselines = {point: mine[0].baseline for point, mine in by_point.items()}
    of_all = 1 - (1 - confidence) / len(set(baselines.values()))
    groups = {}
    for baseline in set(baselines.values()):
        points = {point: judged[point] for point, other in baselines.items() if other == baseline}
        groups[baseline] = Group(baseline, {baseline: judged[baseline]} | points, None, confidence, of_all)
    order = dict.fromkeys(one.point for one in launches)
    return [_row(groups[baselines[point]].columns(point), judged[point], prices) for point in order]


def _judge(mine: Sequence[Outside], others: Sequence[Outside]) -> Judged[Outside]:
    good, reasons = [], []
    for one in mine:
        found = list(one.faults)
        unequal = differing(one.key, others[0].key)
        if unequal:
            found.append(f"cannot be divided: {one.point} and {others[0].point} differ in {', '.join(unequal)}")
        if found:
            reasons.append(f"block {one.block}: {'; '.join(found)}")
        else:
            good.append(one)
    return Judged(mine, good, reasons)


def _row(common: dict[str, Any], judged: Judged[Outside], prices: Prices) -> TrainingRow:
    first, good = judged.launches[0], judged.good
    on_gpus = first.device == "cuda"
    wall = median([one.wall_seconds or one.seconds for one in good])
    return TrainingRow(
        **common,
        model=first.model,
        strategy=first.strategy,
        curve=first.curve_name,
        threads=max(1, first.cores // first.workers),
        precision_of_numbers=first.precision,
        scaling=first.scaling,
        variant="",
        device=first.device,
        nodes=first.nodes,
        global_batch=first.global_batch,
        steps_per_epoch=first.images // first.global_batch or None,
        epoch_seconds=median([one.seconds for one in good]),
        test_accuracy=median([one.test_accuracy for one in good]),
        precision=None,
        recall=None,
        f1=None,
        seconds_to_target=None,
        loss_distance=None,
        wall_seconds=wall,
        **cost_columns(
            good,
            wall,
            first.cores,
            first.workers if on_gpus else 0,
            # Its cores are GPUs, which have their own price.
            prices.model_copy(update={"core_hour": None}) if on_gpus else prices,
        ),
    )


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--parquet", type=Path, required=True)
    parser.add_argument("--spec", type=ExternalSpec.model_validate_json, required=True)
    args = parser.parse_args()
    found = rows(read(args.table), args.spec.confidence, args.spec.prices)
    write_table(found, TrainingRow, args.csv, args.parquet)


if __name__ == "__main__":
    cli.run(main)
