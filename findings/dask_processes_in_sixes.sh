#!/usr/bin/env bash
# dask 2026.8.0 (August 2026)
#
# Behaviour: Dask's multiprocessing scheduler hands out ready tasks six at a time. Six tasks on four processes all run
# on one process while three are idle, eight run as 6 and 2: a handful of long tasks, as one per file or per model, is
# hardly parallel. dask.bag, whose default scheduler this is, does the same with its partitions. `chunksize=1` is even.
# The value -1, by its docstring an even share of what is ready, raises ZeroDivisionError as soon as nothing more is
# ready.
#
# Why one would guess otherwise: num_workers=4 and four or more independent tasks promise four busy processes. Batching
# belongs to libraries that map over short items, and there (multiprocessing, joblib) it shrinks with the number of
# tasks; Dask's threads and its distributed scheduler hand out tasks one by one.
#
# Seen, tasks that each process ran, of four processes (with chunksize=1 also 3 3 2, where one was late to start):
#   delayed, 6 tasks: 6
#   delayed, 8 tasks: 6 2
#   bag of 8 partitions: 6 2
#   delayed, 8 tasks, chunksize=1: 2 2 2 2
#   delayed, 8 tasks, chunksize=-1: ZeroDivisionError
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check dask==2026.8.0

cat > count.py <<'EOF'
import os
import sys
import time
from collections import Counter

import dask
import dask.bag


def who(_: int) -> int:
    time.sleep(1)  # long enough for an idle process to take the next task
    return os.getpid()


def tasks(number: int, **settings: int) -> list[int]:
    calls = [dask.delayed(who)(i) for i in range(number)]
    try:
        found = dask.compute(*calls, scheduler="processes", num_workers=4, **settings)
    except ZeroDivisionError:
        return []
    return sorted(Counter(found).values(), reverse=True)


def partitions(number: int) -> list[int]:
    found = dask.bag.from_sequence(range(number), npartitions=number).map(who).compute(num_workers=4)
    return sorted(Counter(found).values(), reverse=True)


if __name__ == "__main__":
    seen = {
        "delayed, 6 tasks": tasks(6),
        "delayed, 8 tasks": tasks(8),
        "bag of 8 partitions": partitions(8),
        "delayed, 8 tasks, chunksize=1": tasks(8, chunksize=1),
        "delayed, 8 tasks, chunksize=-1": tasks(8, chunksize=-1),
    }
    for name, counts in seen.items():
        print(f"{name}: {' '.join(map(str, counts)) or 'ZeroDivisionError'}")
    six, eight, bag, singly, evenly = seen.values()
    # Where a process is late to start, another has taken a task more by then.
    if [six, eight, bag, evenly] != [[6], [6, 2], [6, 2], []] or max(singly) > 5:
        sys.exit("changed: how tasks are handed to processes")
EOF
venv/bin/python count.py
