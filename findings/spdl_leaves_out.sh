#!/usr/bin/env bash
# spdl-core 0.8.0 (October 2026)
#
# Behaviour: a sample whose function raises is left out of an SPDL pipeline: it is logged, the iterator goes on and ends as
# if all was well, with fewer samples. So is one whose function returns None, of which not even the log says anything.
# build(..., max_failures=0) raises; nothing refuses None.
#
# Why one would guess otherwise: the pipeline stands where a DataLoader stood, and torch's, Grain's and executors raise in
# the consumer. An epoch that is a little shorter shows in no loss curve.
#
# Seen, of ten samples of which one raises, or is None:
#   raises: 9
#   raises, max_failures=0: PipelineFailure
#   None, max_failures=0: 9
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check spdl-core==0.8.0

cat > samples.py <<'EOF'
import logging
import sys
from collections.abc import Callable

from spdl.pipeline import PipelineBuilder, PipelineFailure

logging.disable(logging.CRITICAL)


def raising(sample: int) -> int:
    if sample == 3:
        raise ValueError("cannot be decoded")
    return sample


def nothing(sample: int) -> int | None:
    return None if sample == 3 else sample


def brought(work: Callable[[int], int | None], **settings: int) -> str:
    pipeline = PipelineBuilder().add_source(range(10)).pipe(work, concurrency=2).add_sink(4)
    try:
        return str(len(list(pipeline.build(num_threads=2, **settings))))
    except PipelineFailure:
        return "PipelineFailure"


seen = {
    "raises": brought(raising),
    "raises, max_failures=0": brought(raising, max_failures=0),
    "None, max_failures=0": brought(nothing, max_failures=0),
}
for name, found in seen.items():
    print(f"{name}: {found}")
if list(seen.values()) != ["9", "PipelineFailure", "9"]:
    sys.exit("changed: what becomes of a sample that fails")
EOF
venv/bin/python samples.py
