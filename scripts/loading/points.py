"""The points of the loading sweep: one way to load each, with the id that names its folder of records.

An id is made only from what the point is (`serial-1`, `pool_map-2-16-spawn-cold`), so a longer sweep runs only its new
points. What is usual (forkserver, pickled results, a prefetch of 2, raw files, a warm page cache) is not said in it.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from scripts import registry
from scripts.loading.backend import DECODERS, OWN, PREFETCH, REMOTE, START_METHOD, Returns, StartMethod
from scripts.spec import Spec

if TYPE_CHECKING:
    from scripts.loading.backend import Backend
    from scripts.loading.reading.decoder import Decoder

BACKENDS = "scripts.loading.backends"
PageCache = Literal["warm", "cold"]


class LoadingPoint(Spec):
    """One way to load the training images."""

    backend: str  # a module of scripts/loading/backends/
    source: str  # what it reads: `sources` of the backend
    workers: int  # processes or threads that load
    chunk: int  # images handed over at a time; 1 where the backend has no chunks
    start_method: StartMethod | None = None  # of worker processes, where there are any
    returns: Returns | None = None  # how they hand pixels over, where there is a choice
    prefetch: int | None = None  # chunks under way for each worker, where the backend bounds them
    page_cache: PageCache = "warm"  # before each pass
    decoder: str = OWN  # of raw files; another than the study's gives other pixels

    @property
    def id(self) -> str:
        kind = backend_class(self.backend)
        usual = {START_METHOD, "pickled", "warm", kind.sources[0], OWN}
        parts: list[str] = [self.backend, str(self.workers), *([str(self.chunk)] if kind.chunked else [])]
        parts += [f"prefetch{self.prefetch}"] if self.prefetch not in {None, PREFETCH} else []
        axes: list[str | None] = [self.start_method, self.returns, self.source, self.page_cache, self.decoder]
        parts += [part for part in axes if part is not None and part not in usual]
        return "-".join(parts)

    @property
    def baseline(self) -> str:
        """The point that this one's speedup divides by: serial, from the same storage in the same state."""
        source = REMOTE if self.source == REMOTE else "raw"
        return LoadingPoint(backend="serial", source=source, workers=1, chunk=1, page_cache=self.page_cache).id

    @property
    def cores(self) -> int:
        """Cores to ask for: one a worker, but one in all where workers mostly wait for a network."""
        return 1 if self.source == REMOTE else self.workers

    @property
    def elsewhere(self) -> bool:
        """Whether each worker is a Slurm job of its own."""
        return backend_class(self.backend).needs == "sbatch"

    @property
    def processes_here(self) -> int:
        """Worker processes on the node of the measuring job."""
        return 0 if self.elsewhere or backend_class(self.backend).threads else self.workers

    @property
    def cores_here(self) -> int:
        """Cores to ask for on that node."""
        return 1 if self.elsewhere else self.cores

    def settings(self) -> dict[str, Any]:
        """What its backend is made with, beside the Load."""
        chosen = {"start_method": self.start_method, "prefetch": self.prefetch}
        return {"workers": self.workers, "chunk": self.chunk} | {k: v for k, v in chosen.items() if v is not None}


def backend_class(name: str) -> type[Backend]:
    """The class of a registered backend."""
    found: type[Backend] = registry.load(BACKENDS, name, "Backend")
    return found


def decoder_class(name: str) -> type[Decoder]:
    """The class of another library's decoder."""
    found: type[Decoder] = registry.load(DECODERS, name, "Decoder")
    return found


class Kind(Protocol):
    """A class of a plugin that may need a package."""

    package: ClassVar[Any]  # distribution; none: it needs none
    module: ClassVar[Any]  # that it is found by; none: it is called as the package


def installed(kind: type[Kind]) -> bool:
    """Whether the package that a plugin needs is there."""
    module = kind.module or kind.package
    return module is None or find_spec(module) is not None


def ceilings() -> list[str]:
    """The backends that are no way to load, but what one could reach at most."""
    return [name for name in registry.names(BACKENDS) if backend_class(name).ceiling]
