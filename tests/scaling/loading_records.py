"""Loading records as a study on two cores leaves them, of points whose seconds a test chooses."""

from collections.abc import Sequence

from test_tables import made

from scripts.loading.points import LoadingPoint
from scripts.record import Loaded, Record

IMAGES, PASSES = 100, 4


def way(backend: str, workers: int = 1, chunk: int = 1, source: str = "raw", **axes: str) -> LoadingPoint:
    return LoadingPoint.model_validate(
        {"backend": backend, "workers": workers, "chunk": chunk, "source": source, **axes}
    )


HEADSPACE, DECODE_ONLY, SERIAL = way("headspace"), way("decode_only"), way("serial")
SERIAL_COLD = way("serial", page_cache="cold")
PACKED = way("packed", source="packed")
POOL, TORCH, THREADS = way("pool_map", 2, 16), way("torch_dataloader", 2, 16), way("dask_threads", 2, 16)


def loaded(point: LoadingPoint, block: int, seconds: float, **changes: object) -> Record:
    """A valid record, its first pass half a second longer than a timed one; 2 cores, all of them the machine's."""
    went = Loaded(
        passes=PASSES,
        first_batch_seconds=0.1,
        first_pass_seconds=seconds + 0.5,
        steady_cpu_seconds=PASSES * seconds * point.workers,
        storage_bytes=PASSES * 1000,
        resident_share=1.0,
        network=None,
    )
    fields: dict[str, object] = {
        "stage": "loading",
        "point_id": point.id,
        "point": point.model_dump(),
        "key": {"image_size": 32, "page_cache": point.page_cache, "network": {} if point.source == "remote" else None},
        "cores": point.cores,
        "images": IMAGES * PASSES,
        "images_per_second": IMAGES / seconds,
        "phases": {"startup": 0.25, "steady": PASSES * seconds, "shutdown": 0.125},
        "quality": None,
        "loaded": went,
    }
    return made("serial-1", block, seconds).model_copy(update=fields | changes)


def study(seconds: dict[LoadingPoint, Sequence[float]]) -> dict[str, list[Record]]:
    """The records of points by id, from the seconds of their blocks."""
    return {
        point.id: [loaded(point, block, value) for block, value in enumerate(values, start=1)]
        for point, values in seconds.items()
    }
