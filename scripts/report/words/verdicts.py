"""Laws, predictions and claims as the page and the terminal show them: rows of words."""

from collections.abc import Iterable
from typing import Any

from scripts import format as show
from scripts.report.words.point_words import Names
from scripts.scaling.answers.answer import Claim, Claims
from scripts.scaling.answers.laws import ALL_COSTS, CurveLaws, LawFit, Laws, Prediction
from scripts.scaling.comparing.limits import FORETOLD, LACK_OF_FIT
from scripts.scaling.plan.planned import Plan

LAW_TITLES = ("curve", "law", "parameters", "AICc", "lack of fit", "verdict")
LAWS_NOTE = (
    "A curve is what points that differ in workers alone share. Laws are fitted to the launches that count, levels of "
    "blocks apart. In brackets are intervals by leaving out a block at a time. Lack of fit: the chance of launches so "
    "far from the law, if it holds. It is by F, against the scatter of the launches of one worker count. A law is "
    f"refused where that is under {show.percent(LACK_OF_FIT)}, divided among a study's curves. Chosen is the law of "
    "least AICc among those that fit and that the blocks can tell from a simpler one. Formulas: "
    "scripts/scaling/laws/laws.py."
)
PREDICTION_TITLES = ("curve", "workers", "speedup", "one more launch", "kind")
PREDICTIONS_NOTE = (
    "Predicted, not measured: speedup against the curve's least worker count by the chosen law. In brackets is the "
    "band of all sums of the laws' costs that the blocks do not speak against. One more launch would lie in the band "
    "beside it. Nothing is foretold where no law fits, or where a node begins that no launch has seen. Nor is it where "
    f"the ends of the band are more than {show.number(FORETOLD)} times apart."
)

PLAN_TITLES = ("training", "way", "cores", "GPUs", "starts s", "ends s", "cost", "nodes")
SUBJECTS = {"training": "Training", "loading": "Loading", "answer": "The answer"}


def law_rows(laws: Laws) -> list[tuple[str, ...]]:
    """Of each law that applies to each curve: LAW_TITLES."""
    return [
        (
            curve.curve,
            fit.law,
            ", ".join(f"{p.name} {show.ratio(p.value, p.low, p.high, edges=(0.0,))}" for p in fit.parameters)
            or show.MISSING,
            show.MISSING if fit.aicc is None else f"{fit.aicc:.1f}",
            _lack_of_fit(fit),
            _verdict(fit, curve),
        )
        for curve in laws.curves
        for fit in curve.fits
    ]


def prediction_rows(laws: Laws) -> list[tuple[str, ...]]:
    """What each curve's chosen law says: PREDICTION_TITLES."""
    return [
        (
            curve.curve,
            show.count(one.workers),
            show.ratio(one.speedup, one.low, one.high),
            show.interval(one.launch_low, one.launch_high),
            _kind(one),
        )
        for curve in laws.curves
        for one in curve.predictions
    ]


def plan_rows(plan: Plan) -> list[tuple[str, ...]]:
    """Of each planned training, by start: PLAN_TITLES."""
    return [
        (
            job.job,
            job.point,
            show.count(job.cores),
            show.count(job.gpus),
            show.whole(job.start_seconds),
            show.whole(job.end_seconds),
            show.number(job.cost),
            ", ".join(str(node) for node, workers in enumerate(job.workers_on, start=1) if workers),
        )
        for job in plan.jobs
    ]


def by_subject(claims: Claims, names: Names) -> list[dict[str, Any]]:
    """Claims as the page groups them: what stands, what was seen too seldom, what is refused."""
    groups = []
    for about, title in SUBJECTS.items():
        mine = [one for one in claims.claims if one.about == about]
        refused = [one for one in mine if not one.stands]
        groups.append(
            {
                "about": about,
                "title": title,
                "standing": [names.say(one.sentence) for one in mine if one.stands],
                "observed": refusals((one for one in refused if one.too_few), names),
                "refused": refusals((one for one in refused if not one.too_few), names),
            }
        )
    return groups


def refusals(claims: Iterable[Claim], names: Names) -> list[tuple[str, list[str]]]:
    """Each sentence that may not be quoted, with the rules that it breaks."""
    return [
        (
            names.say(one.sentence),
            [names.say(f"{breach.rule.capitalize()}: {breach.found}.") for breach in one.breaches],
        )
        for one in claims
    ]


def _kind(one: Prediction) -> str:
    if one.not_foretold:
        return f"cannot be foretold ({one.not_foretold}): measure {one.workers}"
    return "extrapolated" if one.extrapolated else "predicted"


def _lack_of_fit(fit: LawFit) -> str:
    if fit.lack_of_fit is None:
        return show.MISSING
    return "p < 0.001" if fit.lack_of_fit.p < 0.001 else f"p = {fit.lack_of_fit.p:.3f}"


def _verdict(fit: LawFit, curve: CurveLaws) -> str:
    if fit.lack_of_fit is not None and fit.lack_of_fit.refused:
        by = show.percent(float(f"{abs(fit.lack_of_fit.by):.2g}"))
        return f"refused: it misses {fit.lack_of_fit.workers} workers by {by}"
    said = {ALL_COSTS: "bands are made of it", curve.chosen: "chosen"}
    said |= dict.fromkeys(curve.may_be, "fits as well")
    said |= dict.fromkeys(curve.same_curve, f"the same curve as {curve.chosen}")
    untold = f"not identifiable: {fit.not_identifiable}" if fit.not_identifiable else "no other law can be told from it"
    return said.get(fit.law, untold)
