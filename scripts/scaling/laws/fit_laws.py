"""Which law does each way to train follow over its workers, and what would more workers bring?

A curve is what the points that differ in workers alone share (column `curve`). Launches that count make it; points with
more cores than the machine has take no part. laws.py has the laws, fits.py how they are fitted.

Inputs: `training.parquet`; `profiles.parquet`, for the bytes that a step averages over ranks, where there are profiles.
Output: `laws.json` (scripts/scaling/answers/answer.py).

By hand: see the command that `snakemake -np` prints for rule fit_laws.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts import cli
from scripts import format as show
from scripts.atomic import write_text
from scripts.scaling.answers.answer import CurveLaws, LawFit, Laws, Parameter, Prediction
from scripts.scaling.comparing.limits import LEAST_BLOCKS
from scripts.scaling.laws.fits import Curve, Fit, choose, launch_noise, predict
from scripts.scaling.laws.laws import LAWS
from scripts.scaling.tables.rows import ProfileRow, TrainingRow
from scripts.scaling.tables.table_file import read_rows
from scripts.spec import Spec

LEAST_COUNTS = 3  # that can contradict any law but the linear one
FURTHER = (2, 4)  # times the largest measured worker count, that predictions go


class LawsSpec(Spec):
    """What the fits take from the config."""

    confidence: float


def curves(rows: Sequence[TrainingRow], gradient_bytes: Mapping[str, int]) -> dict[str, Curve]:
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
        )
        for name, some in found.items()
    }


def fit_laws(rows: Sequence[TrainingRow], profiles: Sequence[ProfileRow], confidence: float) -> Laws:
    """The laws of every curve of more than one worker count."""
    scalings = {row.curve: row.scaling for row in rows}
    found = curves(rows, {row.point: row.gradient_bytes for row in profiles})
    return Laws(
        curves=[laws_of(name, scalings[name], one, confidence) for name, one in found.items() if len(one.workers) > 1]
    )


def laws_of(name: str, scaling: str, curve: Curve, confidence: float) -> CurveLaws:
    """All laws on one curve."""
    tried, chosen = choose(curve, scaling, confidence)
    twins = [] if chosen is None else [law for law, one in tried.items() if _is_twin(one, chosen)]
    return CurveLaws(
        curve=name,
        scaling=scaling,
        workers=curve.workers,
        blocks=len(curve.blocks),
        chosen=chosen.law.name if chosen else None,
        same_curve=twins,
        fits=[_shown(law, one) for law, one in tried.items()],
        predictions=_predictions(tried, chosen, curve, confidence) if chosen else [],
        sentence=_sentence(name, tried, chosen, curve),
    )


def _is_twin(one: Fit | str, chosen: Fit) -> bool:
    if isinstance(one, str) or one is chosen or one.aicc is None or chosen.aicc is None:
        return False
    return one.law.coefficients == chosen.law.coefficients and math.isclose(one.aicc, chosen.aicc, rel_tol=1e-6)


def _shown(name: str, one: Fit | str) -> LawFit:
    if isinstance(one, str):
        return LawFit(law=name, formula=LAWS[name].formula, parameters=[], aicc=None, not_identifiable=one)
    return LawFit(
        law=name,
        formula=one.law.formula,
        parameters=[Parameter(name=n, value=e.value, low=e.low, high=e.high) for n, e in one.parameters.items()],
        aicc=one.aicc,
        not_identifiable=one.unidentified or None,
    )


def _predictions(tried: Mapping[str, Fit | str], chosen: Fit, curve: Curve, confidence: float) -> list[Prediction]:
    most = curve.workers[-1]
    noise = launch_noise(chosen, curve)
    found = []
    for n in [*curve.workers[1:], *(times * most for times in FURTHER)]:
        mean = predict(tried, chosen, curve, n, confidence)
        one_more = mean.widened(math.sqrt(2) * noise, len(curve.blocks), confidence)
        found.append(
            Prediction(
                workers=n,
                extrapolated=n > most,
                speedup=mean.value,
                low=mean.low,
                high=mean.high,
                launch_low=one_more.low,
                launch_high=one_more.high,
            )
        )
    return found


def _sentence(name: str, tried: Mapping[str, Fit | str], chosen: Fit | None, curve: Curve) -> str:
    counts = ", ".join(map(str, curve.workers))
    if len(curve.workers) < LEAST_COUNTS:
        return f"{name}: no law can be told from {len(curve.workers)} worker counts ({counts}); {LEAST_COUNTS} can."
    if chosen is None:
        reasons = {one if isinstance(one, str) else one.unidentified for one in tried.values()}
        return f"{name} ({counts} workers): no law can be told: {'; '.join(sorted(filter(None, reasons)))}."
    text = f"{name} ({counts} workers, {len(curve.blocks)} blocks) follows {chosen.law.name}"
    said = [f"{n} {show.ratio(e.value, e.low, e.high, edges=(0.0,))}" for n, e in chosen.parameters.items()]
    if said:
        return f"{text}: {', '.join(said)}."
    simplest = next((one for one in tried.values() if isinstance(one, Fit) and one.law.losses), None)
    if simplest is None:
        return f"{text}, as far as it can be told."
    (loss,) = simplest.law.losses
    one = simplest.parameters[loss]
    return f"{text}: no {loss} is told apart from 0 ({show.ratio(one.value, one.low, one.high, edges=(0.0,))})."


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--profiles", type=Path, nargs="?", help="none where the study profiles nothing")
    parser.add_argument("--laws", type=Path, required=True)
    parser.add_argument("--spec", type=LawsSpec.model_validate_json, required=True)
    args = parser.parse_args()
    profiles = read_rows(args.profiles, ProfileRow) if args.profiles else []
    laws = fit_laws(read_rows(args.training, TrainingRow), profiles, args.spec.confidence)
    write_text(args.laws, laws.model_dump_json(indent=1) + "\n")
    for one in laws.curves:
        cli.log.info("%s", one.sentence)


if __name__ == "__main__":
    cli.run(main)
