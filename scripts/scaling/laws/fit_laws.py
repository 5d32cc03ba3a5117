"""Which law does each way to train follow over its workers, does it fit at all, and what would more workers bring?

A curve is what the points that differ in workers alone share (column `curve`). Launches that count make it; points with
more cores than the machine has take no part. laws.py has the laws, fits.py how they are fitted, lack_of_fit.py which
are refused, breaks.py where a curve breaks that none fits, bands.py what can be foretold.

Inputs: `training.parquet`; `profiles.parquet`, for the bytes that a step averages over ranks, where there are profiles.
Output: `laws.json` (scripts/scaling/answers/laws.py).

By hand: see the command that `snakemake -np` prints for rule fit_laws.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts import cli
from scripts import format as show
from scripts.atomic import write_text
from scripts.scaling.answers.laws import CurveLaws, LackOfFit, LawFit, Laws, Parameter, Prediction
from scripts.scaling.comparing.limits import LACK_OF_FIT, LEAST_BLOCKS
from scripts.scaling.laws.bands import foretell
from scripts.scaling.laws.breaks import where_it_breaks
from scripts.scaling.laws.curve import Curve
from scripts.scaling.laws.fits import Estimate, Fit, Judged, judge
from scripts.scaling.laws.laws import LAWS, MIXED
from scripts.scaling.profiles.profile_rows import ProfileRow
from scripts.scaling.tables.rows import TrainingRow
from scripts.scaling.tables.table_file import read_rows
from scripts.spec import Spec

LEAST_COUNTS = 3  # that can contradict any law but the linear one
NAMED = 6  # worker counts that a sentence has room for
FURTHER = (2, 4)  # times the largest measured worker count, that predictions go


class LawsSpec(Spec):
    """What the fits take from the config."""

    confidence: float
    workers_per_node: int | None  # of `training`; null: not known, as of trainings from outside


def curves(
    rows: Sequence[TrainingRow], gradient_bytes: Mapping[str, int], workers_per_node: int | None
) -> dict[str, Curve]:
    """The curves of a table, by name: its points with blocks enough for an interval, and cores enough."""
    usable = [row for row in rows if row.blocks >= LEAST_BLOCKS and not row.has("oversubscribed")]
    found: dict[str, list[TrainingRow]] = {}
    for row in usable:
        found.setdefault(row.curve, []).append(row)
    return {
        name: Curve(
            {row.workers: row.rates_by_block for row in some},
            {row.workers: row.global_batch for row in some},
            max((gradient_bytes[row.point] for row in some if gradient_bytes.get(row.point)), default=None),
            {row.workers: row.nodes for row in some if row.nodes},
            _node_holds(some, workers_per_node),
        )
        for name, some in found.items()
    }


def _node_holds(rows: Sequence[TrainingRow], workers_per_node: int | None) -> int | None:
    """Workers of a node at most: as the config has it, or its cores allow; of several nodes, as many as were seen."""
    spread = [-(-row.workers // row.nodes) for row in rows if row.nodes and row.nodes > 1]
    allowed = [row.node_holds for row in rows if row.node_holds]
    limits = [*([workers_per_node] if workers_per_node else []), *allowed]
    return max(spread) if spread else min(limits, default=None)


def fit_laws(
    rows: Sequence[TrainingRow],
    profiles: Sequence[ProfileRow],
    confidence: float,
    workers_per_node: int | None = None,
) -> Laws:
    """The laws of every curve of more than one worker count.

    A law that holds is to be refused in few studies, so of several curves each has a part of that chance (Bonferroni).
    """
    scalings = {row.curve: row.scaling for row in rows}
    found = curves(rows, {row.point: row.gradient_bytes for row in profiles}, workers_per_node)
    able = {name: one for name, one in found.items() if len(one.workers) > 1}
    significance = LACK_OF_FIT / max(1, len(able))
    return Laws(curves=[laws_of(name, scalings[name], one, confidence, significance) for name, one in able.items()])


def laws_of(name: str, scaling: str, curve: Curve, confidence: float, significance: float) -> CurveLaws:
    """All laws on one curve."""
    judged = judge(curve, scaling, confidence, significance)
    breaks = where_it_breaks(judged, curve, scaling, confidence) if judged.all_refused else ""
    able = len(curve.workers) >= LEAST_COUNTS and judged.mixed is not None
    predictions = _predictions(judged, curve, confidence) if able else []
    mixed = [_shown(MIXED.name, judged.mixed)] if judged.mixed else []
    return CurveLaws(
        curve=name,
        scaling=scaling,
        workers=curve.workers,
        blocks=len(curve.blocks),
        chosen=judged.chosen.law.name if judged.chosen else None,
        same_curve=[one.law.name for one in judged.twins],
        may_be=[one.law.name for one in judged.may_be],
        breaks=breaks or None,
        fits=[*(_shown(law, one) for law, one in judged.tried.items()), *mixed],
        predictions=predictions,
        sentence=" ".join([_sentence(name, judged, breaks, curve), *_beyond(predictions)]),
    )


def _shown(name: str, one: Fit | str) -> LawFit:
    if isinstance(one, str):
        return LawFit(
            law=name, formula=LAWS[name].formula, parameters=[], aicc=None, not_identifiable=one, lack_of_fit=None
        )
    return LawFit(
        law=name,
        formula=one.law.formula,
        parameters=[Parameter(name=n, value=e.value, low=e.low, high=e.high) for n, e in one.parameters.items()],
        aicc=one.aicc,
        not_identifiable=one.unidentified or None,
        lack_of_fit=LackOfFit(p=one.lack.p, workers=one.lack.at, by=one.lack.by, refused=one.refused),
    )


def _predictions(judged: Judged, curve: Curve, confidence: float) -> list[Prediction]:
    most = curve.workers[-1]
    variances = curve.known.variances
    deviation = math.sqrt(variances[0] + variances[-1])
    found = []
    for n in [*curve.workers[1:], *(times * most for times in FURTHER)]:
        mean = foretell(judged, curve, n, confidence)
        asked = {"workers": n, "extrapolated": n > most}
        if isinstance(mean, str):
            nothing = dict.fromkeys(("speedup", "low", "high", "launch_low", "launch_high"))
            if n > most:
                found.append(Prediction(**asked, **nothing, not_foretold=mean))
            continue
        one_more = mean.widened(deviation, len(curve.blocks), confidence)
        found.append(
            Prediction(
                **asked,
                speedup=mean.value,
                low=mean.low,
                high=mean.high,
                launch_low=one_more.low,
                launch_high=one_more.high,
            )
        )
    return found


def _beyond(predictions: Sequence[Prediction]) -> list[str]:
    """What the nearest count that cannot be foretold needs."""
    found = [one for one in predictions if one.not_foretold]
    if not found:
        return []
    n, why = found[0].workers, found[0].not_foretold
    return [f"What {n} workers would bring cannot be foretold ({why}): measure {n}."]


def _sentence(name: str, judged: Judged, breaks: str, curve: Curve) -> str:
    counts = ", ".join(map(str, curve.workers))
    if len(curve.workers) > NAMED:
        counts = f"{len(curve.workers)} counts from {curve.workers[0]} to {curve.workers[-1]}"
    if len(curve.workers) < LEAST_COUNTS:
        return f"{name}: no law can be told from {len(curve.workers)} worker counts ({counts}); {LEAST_COUNTS} can."
    of = f"{name} ({counts} workers, {len(curve.blocks)} blocks)"
    if judged.all_refused:
        single = "" if judged.mixed and judged.mixed.refused else "single "
        why = f": {breaks}" if breaks else f" ({_names(judged.fitted)} lack fit): costs of several kinds together fit"
        return f"{of} follows no {single}law{why}."
    if judged.chosen is None:
        return f"{of}: no law can be told: {_untold(judged)}."
    doubt = f" It may be {_names(judged.may_be)} as well." if judged.may_be else ""
    return f"{of} follows {_followed(judged.chosen, judged.fitted, curve)}.{doubt}"


def _untold(judged: Judged) -> str:
    reasons = {one for one in judged.tried.values() if isinstance(one, str)}
    return "; ".join(sorted(reasons)) or "too few launches"


def _followed(chosen: Fit, fitted: Sequence[Fit], curve: Curve) -> str:
    """The chosen law with its parameters; of one without any, how small a loss can be."""
    name = chosen.law.name
    if chosen.law.needs_nodes:
        name += f", a second node from {min(n for n in curve.workers if curve.nodes_at(n) > 1)} workers on"
    if chosen.parameters:
        said = [f"{one.replace('_', ' ')} {_number(estimate)}" for one, estimate in chosen.parameters.items()]
        return f"{name}: {', '.join(said)}"
    simplest = next(one for one in fitted if one.law.losses)
    (loss,) = simplest.law.losses
    return f"{name}: no {loss.replace('_', ' ')} is told apart from 0 ({_number(simplest.parameters[loss])})"


def _number(one: Estimate) -> str:
    return show.ratio(one.value, one.low, one.high, edges=(0.0,))


def _names(some: Sequence[Fit]) -> str:
    return ", ".join(one.law.name for one in some)


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--profiles", type=Path, nargs="?", help="none where the study profiles nothing")
    parser.add_argument("--laws", type=Path, required=True)
    parser.add_argument("--spec", type=LawsSpec.model_validate_json, required=True)
    args = parser.parse_args()
    profiles = read_rows(args.profiles, ProfileRow) if args.profiles else []
    rows = read_rows(args.training, TrainingRow)
    laws = fit_laws(rows, profiles, args.spec.confidence, args.spec.workers_per_node)
    write_text(args.laws, laws.model_dump_json(indent=1) + "\n")
    for one in laws.curves:
        cli.log.info("%s", one.sentence)


if __name__ == "__main__":
    cli.run(main)
