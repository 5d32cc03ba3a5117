"""Which way loads the images fastest, and which is the cheapest that feeds the trainer?

For each situation (page cache warm, cold; from a server) the fastest valid way, among all and among those that read the
raw files, with what it is tied with. Ceilings and points with more cores than the machine has take no part. And what a
training loses that such a way feeds.

Inputs: the loading records; for what a trainer takes, the training records, unless the config says it.
Output: `loading.json` (scripts/scaling/answers/answer.py).

By hand: see the command that `snakemake -np` prints for rule answer_loading.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Literal

from scripts import cli
from scripts.atomic import write_text
from scripts.loading.backend import RAW, REMOTE
from scripts.loading.points import LoadingPoint
from scripts.record import Record
from scripts.scaling.answers.answer import Best, Feeder, Feeding, LoadingAnswer, Rival, Situation
from scripts.scaling.answers.answer_feeds import feeds
from scripts.scaling.answers.sentences import feeding_sentence, situation_sentence
from scripts.scaling.comparing.comparison import Comparison
from scripts.scaling.comparing.limits import LEAST_BLOCKS
from scripts.scaling.comparing.ratios import mean_rate
from scripts.scaling.tables import tabulate_loading, tabulate_training
from scripts.scaling.tables.compared import compared
from scripts.scaling.tables.read_records import read_records
from scripts.scaling.tables.rows import LoadingRow, TrainingRow
from scripts.scaling.tables.tabulate_training import TableSpec
from scripts.spec import Spec
from scripts.training.points import TrainingPoint

Records = dict[str, list[Record]]


class AnswerSpec(Spec):
    """What the answer takes from the config."""

    loading: list[str]  # points
    training: list[str]
    scaling: TableSpec
    needed_images_per_second: float | None
    skipped: dict[str, str]  # backends that cannot run here, with the reason


def answer(loading: Records, training: Records, spec: AnswerSpec) -> LoadingAnswer:
    """The answer of a study."""
    confidence = spec.scaling.confidence
    rows = tabulate_loading.rows(loading, spec.loading, confidence, spec.scaling.families)
    needed, needed_by = spec.needed_images_per_second, "loading.needed_images_per_second"
    trained = tabulate_training.rows(training, spec.training, spec.scaling) if training else []
    if needed is None:
        nodes = {point: int(mine[0].point["nodes"]) for point, mine in training.items()}
        needed, needed_by = fastest_training(trained, nodes)
    return LoadingAnswer(
        situations=situations(rows, loading, confidence),
        feeding=feeding(rows, needed, needed_by),
        fed=feeds(trained, training),
        skipped=spec.skipped,
    )


def fastest_training(rows: Sequence[TrainingRow], nodes: Mapping[str, int]) -> tuple[float | None, str]:
    """The greatest images/s that a valid training takes, and its point, one with blocks enough before all others; None
    where none is valid. Its nodes share what it takes: each loads for itself.
    """
    rates = [
        (row.blocks >= LEAST_BLOCKS, row.images_per_second / nodes[row.point], row.point)
        for row in rows
        if row.images_per_second is not None and not row.has("oversubscribed")
    ]
    _, rate, point = max(rates, default=(False, None, ""))
    return rate, point


def situation_of(row: LoadingRow) -> tuple[Literal["local", "remote"], Literal["warm", "cold"]]:
    """Where a way to load reads from, and in which state that is."""
    return "remote" if row.source == REMOTE else "local", row.page_cache


def situations(rows: Sequence[LoadingRow], records: Records, confidence: float) -> list[Situation]:
    """One for each that was measured: warm, cold, then remote."""
    found = []
    ways = sorted((row for row in rows if row.way), key=lambda row: (row.source == REMOTE, row.page_cache != "warm"))
    for (source, page_cache), group in groupby(ways, situation_of):
        here = list(group)
        comparison = compared([row for row in rows if row.baseline == here[0].baseline])
        best = fastest(here, comparison, stepwise=True)
        best_raw = fastest([row for row in here if reads_raw(row)], comparison)
        all_records = [one for row in here for one in records[row.point]]
        busy = any(row.has("noisy") for row in here)
        sentence = situation_sentence(all_records, best, best_raw, confidence, busy)
        found.append(Situation(source=source, page_cache=page_cache, best=best, best_raw=best_raw, sentence=sentence))
    return found


def reads_raw(row: LoadingRow) -> bool:
    """Whether it needs no copy of the images to be made first."""
    return row.source in {RAW, REMOTE}


def fastest(rows: Sequence[LoadingRow], comparison: Comparison[str], stepwise: bool = False) -> Best | None:
    """The best of `rows`, none a ceiling: those with blocks enough for an interval, or else any with a valid one.

    Args:
        comparison: of all rows of their baseline.
        stepwise: as `Comparison.leads`.
    """
    able = {row.point: row for row in rows if row.blocks and not row.has("oversubscribed")}
    leads = comparison.leads(able, stepwise)
    if leads is None:
        return None
    row = able[leads.first]
    rate = mean_rate(list(row.rates_by_block.values()), comparison.confidence)
    sure = {point: ratio for point, ratio in leads.over.items() if ratio.low is not None}
    tied = [point for point, ratio in sure.items() if ratio.tied]
    behind = [Rival(point=p, ratio=r.value, low=r.low, high=r.high) for p, r in sure.items() if not r.tied]
    return Best(
        point=row.point,
        images_per_second=rate.value,
        low=rate.low,
        high=rate.high,
        baseline=row.baseline,
        speedup=row.speedup,
        speedup_low=row.speedup_low,
        speedup_high=row.speedup_high,
        tied=tied,
        more_launches=comparison.more_to_tell(row.point, tied),
        next=behind[0] if behind else None,
    )


def feeding(rows: Sequence[LoadingRow], needed: float | None, needed_by: str) -> Feeding:
    """The cheapest way whose rate is `needed` images/s even at the lower end of its interval."""
    warm = [row for row in rows if situation_of(row) == ("local", "warm") and row.way]
    feeders = [] if needed is None else cheapest_first(warm, needed)
    raw = {row.point for row in warm if reads_raw(row)}
    cheapest = next(iter(feeders), None)
    cheapest_raw = next((one for one in feeders if one.point in raw), None)
    by = needed_by if needed is not None else None
    best = fastest(warm, compared([row for row in rows if row.baseline == warm[0].baseline])) if warm else None
    return Feeding(
        needed_images_per_second=needed,
        needed_by=by,
        cheapest=cheapest,
        cheapest_raw=cheapest_raw,
        sentence=feeding_sentence(needed, by, cheapest, cheapest_raw, best, any(row.has("noisy") for row in warm)),
    )


def cheapest_first(rows: Sequence[LoadingRow], needed: float) -> list[Feeder]:
    """Those of `rows` that feed a trainer of `needed` images/s: fewest cores first, then least CPU time an image.

    Each is asked, and the cheapest that passes is named: so their intervals hold all at once (Bonferroni).
    """
    able = [row for row in rows if row.blocks >= LEAST_BLOCKS and not row.has("oversubscribed")]
    found = []
    for row in able:
        level = 1 - (1 - row.confidence_of_all) / len(able)
        low = mean_rate(list(row.rates_by_block.values()), level).low
        if low is not None and low >= needed:
            found.append(
                Feeder(point=row.point, cores=row.cores, cpu_milliseconds=row.cpu_milliseconds, images_per_second=low)
            )
    return sorted(found, key=lambda one: (one.cores, one.cpu_milliseconds or 0.0))


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--loading", type=Path, nargs="+", required=True, help="records")
    parser.add_argument(
        "--training", type=Path, nargs="*", required=True, help="records; none where the config says what is needed"
    )
    parser.add_argument("--answer", type=Path, required=True)
    parser.add_argument("--spec", type=AnswerSpec.model_validate_json, required=True)
    args = parser.parse_args()
    loading = read_records(args.loading, LoadingPoint.model_validate)
    training = read_records(args.training, TrainingPoint.model_validate)
    found = answer(loading, training, args.spec)
    write_text(args.answer, found.model_dump_json(indent=1) + "\n")
    for sentence in found.sentences:
        cli.log.info("%s", sentence)


if __name__ == "__main__":
    cli.run(main)
