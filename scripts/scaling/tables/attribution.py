"""Where the seconds of a loading launch go that passes over the images once: parts that add up to the whole.

What one worker does alone is measured beside each point: taking ready images (`headspace`), decoding bytes that are in
memory (`decode_only`), reading and decoding (`serial`). A point's parts are these, of the same block, divided by its
hands, its workers or the cores where those are fewer, and what that leaves:

    take       a pass of headspace
    decode     (decode_only - headspace) / hands; 0 where nothing is decoded (packed shards, headspace)
    read       (serial - decode_only) / hands, from the same files in the same state (raw ones for a format of the
               backend's own); from a server / workers, which wait and need no core; packed shards: all of the pass that
               is not take; ceilings: 0
    transport  the rest of the pass: handing over between processes, waiting, and what the parallel work lost. Below 0
               where the backend was better than the ideal division; 0 by definition for serial
    once       start of the workers + first pass - one pass + their shutdown
    whole      their sum: once + one pass
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from scripts.loading.backend import OWN, PACKED, RAW, REENCODED, REMOTE
from scripts.loading.points import LoadingPoint, PageCache, backend_class
from scripts.record import Record
from scripts.scaling.comparing.faults import faults
from scripts.scaling.comparing.keys import differing


@dataclass(frozen=True)
class Attribution:
    """The parts, in seconds."""

    take_seconds: float
    decode_seconds: float
    read_seconds: float
    transport_seconds: float
    once_seconds: float

    @property
    def whole_seconds(self) -> float:
        """Their sum."""
        return math.fsum(asdict(self).values())

    def columns(self) -> dict[str, float]:
        """The columns of LoadingRow."""
        return asdict(self) | {"whole_seconds": self.whole_seconds}


Blocks = Mapping[int, Mapping[str, Record]]


def sound_blocks(records: Mapping[str, Sequence[Record]]) -> Blocks:
    """The records without a fault, by block and point id."""
    found: dict[int, dict[str, Record]] = {}
    for point_id, mine in records.items():
        for one in mine:
            if not faults(one):
                found.setdefault(one.block, {})[point_id] = one
    return found


def attribute(good: Sequence[Record], blocks: Blocks) -> Attribution | None:
    """Of a point's valid records, the attribution whose whole is the lower median: medians of parts would not add up.

    None where no block has all that is needed.
    """
    found = [parts for one in good if (parts := of_launch(one, blocks.get(one.block, {})))]
    if not found:
        return None
    middle = statistics.median_low([parts.whole_seconds for parts in found])
    return next(parts for parts in found if parts.whole_seconds == middle)


def of_launch(one: Record, block: Mapping[str, Record]) -> Attribution | None:
    """The attribution of one launch beside the others of its block; None where one that is needed is missing."""
    try:
        return _parts(one, block)
    except KeyError:
        return None


def _parts(one: Record, block: Mapping[str, Record]) -> Attribution:
    point = LoadingPoint.model_validate(one.point)
    if point.decoder != OWN:
        raise KeyError(point.decoder)  # no ceiling decodes by it
    if one.loaded is None or one.loaded.check == "once":
        raise KeyError(point.id)  # nor gives its pixels

    def seconds(other: LoadingPoint) -> float:
        found = block[other.id]
        if differing(_work(found), _work(one)):
            raise KeyError(other.id)
        return found.seconds

    def alone(backend: str, source: str, page_cache: PageCache = "warm") -> float:
        return seconds(LoadingPoint(backend=backend, source=source, workers=1, chunk=1, page_cache=page_cache))

    take, decode, read = alone("headspace", RAW), 0.0, 0.0
    hands = min(point.workers, one.environment.usable_cores)
    if point.source == PACKED:
        read = one.seconds - take
    elif point.backend != "headspace":
        files = point.source if point.source in {REENCODED, REMOTE} else RAW
        decode_only = alone("decode_only", REENCODED if files == REENCODED else RAW)
        decode = (decode_only - take) / hands
        if not backend_class(point.backend).ceiling:
            readers = point.workers if files == REMOTE else hands
            read = (alone("serial", files, point.page_cache) - decode_only) / readers
    assert one.loaded is not None, "a valid loading record says how it went"
    return Attribution(
        take_seconds=take,
        decode_seconds=decode,
        read_seconds=read,
        # No clock tells less than a nanosecond; adding 0 makes -0 plain.
        transport_seconds=round(one.seconds - take - decode - read, 9) + 0.0,
        once_seconds=one.phases["startup"] + one.loaded.first_pass_seconds - one.seconds + one.phases["shutdown"],
    )


def _work(one: Record) -> dict[str, object]:
    """What must agree for seconds to be subtracted; ceilings read no files, in whichever state and place those are."""
    return {name: value for name, value in one.key.items() if name not in {"page_cache", "network"}}
