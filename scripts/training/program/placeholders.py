"""What stands in braces in a program's command, and what is filled in there."""

import re
import shlex
from collections.abc import Mapping

# What a command may name; each is filled in for a launch.
PLACEHOLDERS = {
    "workers": "ranks",
    "threads": "intra-op threads of each rank, as OMP_NUM_THREADS is set",
    "loader_workers": "processes beside each rank that make its batches",
    "batch_per_rank": "images of one step of a rank",
    "global_batch": "images of one step, all ranks together",
    "precision": "fp32, tf32, bf16 or fp16",
    "seed": "of the block: equal for all points, so that their losses compare",
    "block": "number of the repetition, from 1",
    "out": "an empty folder of the launch, which is removed behind it",
}
_BRACED = re.compile(r"\{(\w+)\}")


def named(text: str) -> list[str]:
    """The names that stand in braces."""
    return _BRACED.findall(text)


def filled(text: str, values: Mapping[str, object]) -> str:
    """`text` with each `{name}` replaced by its value; one that has none stays as it is."""
    return _BRACED.sub(lambda found: str(values.get(found[1], found[0])), text)


def words(command: str, values: Mapping[str, object]) -> list[str]:
    """The command's words; a value with a space in it stays one word."""
    return [filled(word, values) for word in shlex.split(command)]
