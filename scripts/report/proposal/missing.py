"""What a proposal lacks that a form asks for, and what would give it."""

from collections.abc import Iterator, Sequence

from scripts.report.proposal.centre import Ask, Centre, Part
from scripts.report.proposal.series import Series

# What forms ask for in general: of a centre whose file has no form.
ASKED = [
    Ask(line="strong scaling", answered_by=["strong"]),
    Ask(line="weak scaling", answered_by=["weak"]),
    Ask(line="memory of a node", answered_by=["memory"]),
    Ask(line="the total that is requested", answered_by=["request"]),
]
WOULD_GIVE: dict[Part, str] = {
    "strong": "no strong-scaling series may be quoted: add counts, `training: {scaling: strong, workers: [1, 2, 4]}`",
    "weak": "no weak-scaling series was measured: add `training: {scaling: [strong, weak]}`",
    "memory": "memory of a node was not recorded: measure with this version, on nodes that are known",
    "cost": "what a training costs is not known: see below",
    "problem": "the problem is not known: no series may be quoted",
    "io": "how long trainings wait for images is not known: records of scalecard's own trainings tell",
    "method": "machine and software are not known of a table from outside: write them in",
    "request": "no total can be said: see below",
    "months": "no months: list the trainings in `plan.jobs` and leave `proposal.trainings` null",
}


def lacking(centre: Centre, parts: set[Part]) -> Iterator[str]:
    """A sentence for each line of the form that a part would answer which is not there.

    Args:
        parts: those that the proposal has.
    """
    for ask in centre.form.asks if centre.form else ASKED:
        for part in ask.answered_by:
            if part not in parts:
                yield f"Asked for: {ask.line}. {WOULD_GIVE[part][0].upper()}{WOULD_GIVE[part][1:]}."


def not_quoted(series: Sequence[Series]) -> Iterator[str]:
    """Counts that stand in no table, and those that are not told apart from the baseline."""
    for one in series:
        for point, reason in one.left_out.items():
            yield f"{point} stands in no table: {reason}."
        ties = [line.row.point for line in one.lines if line.tied]
        if ties:
            yield (
                f"Not told apart from {one.baseline.point}: {', '.join(ties)}. More launches (`training.blocks`) "
                "or larger work would tell."
            )


def not_requested(others: Sequence[str]) -> Iterator[str]:
    """Further ways that are recommended, of other baselines."""
    if others:
        yield (
            f"Requested are trainings of the first way alone; recommended are {', '.join(others)} too: list how many "
            "of each in `plan.jobs`, and leave `proposal.trainings` null."
        )


def no_request(centre: Centre, advised: str | None, device: str, trainings: bool) -> Iterator[str]:
    """Why nothing, or not all, is requested.

    Args:
        advised: why the recommended way may not be quoted; None: it may.
        device: that was trained on, cpu or cuda.
        trainings: whether the study says how many trainings are asked for.
    """
    if advised is not None:
        yield f"No way to train is recommended that may be quoted: {advised}."
    rate = centre.rate(device)
    if rate is None:
        kind = "gpu: {each: gpu, units: ...}" if device == "cuda" else "cpu: {each: core, units: ...}"
        yield (
            f"What {centre.name} charges for {'GPUs' if device == 'cuda' else 'cores'} is not in its file: add "
            f"`{kind}` to a copy of it, and name that in `proposal.centre`."
        )
    elif rate.about:
        yield f"{centre.name} itself calls its rate an approximation: look yours up, {centre.source}."
    if not trainings:
        yield "How many trainings are asked for is not said: set `proposal.trainings`, or list them in `plan.jobs`."
