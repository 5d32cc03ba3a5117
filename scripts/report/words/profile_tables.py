"""The tables of profiles as people read them: where a step's time goes, and its efficiencies as POP defines them."""

from dataclasses import replace
from functools import partial

from scripts import format as show
from scripts.report.words.tables import Column
from scripts.scaling.profiles.pop import LINE

_POINT = Column("point", ("point",), str, brief="point", text=True)
_COUNTS = [
    Column("cores", ("cores",), show.count, brief="cores"),
    Column("n", ("blocks",), show.count, brief="n"),
]
_ratio = partial(show.ratio, edges=(LINE, *show.EDGES))
# Of one step: they add up to what it takes beyond the ideal.
PROFILES = [
    _POINT,
    *_COUNTS,
    Column("step ms", ("step_seconds",), show.milliseconds, brief="step"),
    Column("ideal ms", ("ideal_seconds",), show.milliseconds, brief="ideal"),
    Column("input ms", ("input",), show.milliseconds, brief="input"),
    Column("threads ms", ("threads",), show.milliseconds, brief="threads"),
    Column("smaller batch ms", ("smaller_batch",), show.milliseconds, brief="smaller\nbatch"),
    Column("contention ms", ("contention",), show.milliseconds, brief="conten-\ntion"),
    Column("imbalance ms", ("imbalance",), show.milliseconds, brief="imba-\nlance"),
    Column("communication ms", ("communication",), show.milliseconds, brief="commu-\nnication"),
    Column("optimizer ms", ("optimizer",), show.milliseconds, brief="opti-\nmizer"),
    Column("efficiency", ("efficiency",), show.ratio),
    Column("MiB of gradients", ("gradient_bytes",), show.mebibytes),
    Column("all-reduce MiB/s", ("all_reduce_bytes_per_second",), show.mebibytes),
    Column("bubble", ("bubble",), show.share, brief="bubble"),
    Column("ideal bubble", ("ideal_bubble",), show.share, brief="ideal\nbubble"),
]
PROFILES_NOTE = (
    "Milliseconds of one step, the mean of n profiles, each in a run of its own. Ideal: the baseline's step for as "
    "many images, divided by the cores. What a point needs more is the sum of input, threads, smaller batch, "
    "contention, imbalance, communication and optimizer. Where the middle ones are missing, they are in communication. "
    "Below 0: less than its part of the baseline's."
)


def _efficiency(title: str, name: str, brief: str | None = None) -> Column:
    """A column of an efficiency with its interval."""
    return Column(title, (name, f"{name}_low", f"{name}_high"), _ratio, brief, text=True)


# The whole first, then its parts, and theirs.
POP = [
    _POINT,
    *_COUNTS,
    _efficiency("global", "global_efficiency", "global"),
    _efficiency("parallel", "parallel_efficiency", "parallel"),
    _efficiency("load balance", "load_balance", "load\nbalance"),
    _efficiency("communication", "communication_efficiency", "commu-\nnication"),
    _efficiency("serialisation", "serialisation", "seriali-\nsation"),
    _efficiency("transfer", "transfer", "transfer"),
    _efficiency("computation scalability", "computation_scalability", "computation\nscalability"),
    _efficiency("threads", "thread_efficiency"),
    _efficiency("hybrid parallel", "hybrid_parallel_efficiency"),
    Column("under 0.8", ("under",), str, brief="under 0.8", text=True),
    Column("not told", ("reason",), str, text=True),
]
POP_VALUES = [replace(column, fields=column.fields[:1]) for column in POP]  # without intervals, as a terminal has room
POP_NOTE = (
    "Efficiencies as the POP Centre of Excellence defines them, from the same profiles. 1 is ideal, and what is under "
    "0.8 is worth a look. Global = parallel x computation scalability. Parallel = load balance x communication. "
    "Communication = serialisation x transfer. Hybrid parallel = parallel x threads. Scalability is against the "
    "baseline's computation. In brackets an interval over n profiles, each of one statement alone. There is no bracket "
    "where n is below 3. A diagnosis, and no claim: docs/pop.md."
)
