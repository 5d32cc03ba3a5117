"""The points of the loading sweep: one way to load each, with the id that names its folder of records.

An id is made only from what the point is (`serial-1`, `pool_map-2-16`), so a longer sweep runs only its new points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from scripts import registry
from scripts.spec import Spec

if TYPE_CHECKING:
    from scripts.config.loading import Loading

BACKENDS = "scripts.loading.backends"


class LoadingPoint(Spec):
    """One way to load the training images."""

    source: Literal["raw", "packed"]  # raw files, or shards of packed pixels
    backend: str  # a module of scripts/loading/backends/
    workers: int  # processes or threads that load
    chunk: int  # images handed over at a time; 1 where the backend has no chunks

    @property
    def id(self) -> str:
        backend = registry.load(BACKENDS, self.backend, "Backend")
        return f"{self.backend}-{self.workers}" + (f"-{self.chunk}" if backend.chunked else "")

    @property
    def cores(self) -> int:
        """Cores that the point is given: one a worker."""
        return self.workers

    @property
    def workers_here(self) -> int:
        """Workers on the node of the measuring job; none where each is a job of its own."""
        return 0 if registry.load(BACKENDS, self.backend, "Backend").needs == "sbatch" else self.workers


def loading_points(settings: Loading) -> dict[str, LoadingPoint]:
    """Every point by id, in the order of the config; a backend that cannot use more workers has one worker."""
    found = {}
    for name in settings.backends:
        backend = registry.load(BACKENDS, name, "Backend")
        for workers in settings.workers if backend.parallel else [1]:
            for chunk in settings.chunks if backend.chunked else [1]:
                point = LoadingPoint(source=backend.source, backend=name, workers=workers, chunk=chunk)
                found[point.id] = point
    return found
