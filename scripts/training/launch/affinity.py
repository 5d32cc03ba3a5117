"""Cores of their own for the ranks of a run, so that the kernel moves no rank onto another's core."""

import os

from scripts.machine import Places, hardware_threads


def cores_of(rank: int, count: int, places: Places) -> list[int] | None:
    """The `count` cores of `rank`; None where its machine has fewer than that for each of its ranks.

    Ranks that may use the same cores of the same machine take them in turn; hardware threads of one core come last.
    """
    mine = places[rank]
    peers = [other for other, place in enumerate(places) if (place.machine, place.cores) == (mine.machine, mine.cores)]
    if len(peers) * count > len(mine.cores):
        return None
    ordered = sorted(mine.cores, key=lambda core: (hardware_threads(core).index(core), core))
    start = peers.index(rank) * count
    return ordered[start : start + count]


def bind(rank: int, threads: int, loaders: int, places: Places) -> list[int] | None:
    """Bind this process's thread, and those that it will start, to the first of the rank's cores, where there are
    enough; the rest, one for each of its loader processes.
    """
    cores = cores_of(rank, threads + loaders, places)
    if cores is None:
        return None
    os.sched_setaffinity(0, cores[:threads])
    return cores[threads:]
