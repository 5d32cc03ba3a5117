"""The loading benchmark."""

from collections.abc import Sequence
from itertools import product
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from scripts import registry
from scripts.config.settings import Blocks, Count, Counts, Settings, known, on_path, unique
from scripts.loading.backend import (
    DECODERS,
    OWN_DATASET,
    PREFETCH,
    RAW,
    REMOTE,
    START_METHOD,
    Backend,
    Returns,
    StartMethod,
)
from scripts.loading.points import (
    BACKENDS,
    Kind,
    LoadingPoint,
    PageCache,
    backend_class,
    ceilings,
    decoder_class,
    installed,
)
from scripts.user_function import check_function

Rate = Annotated[float, Field(gt=0)]
# Those that need nothing that is not installed with scalecard.
DEFAULT_BACKENDS = [
    name
    for name in registry.names(BACKENDS)
    if not ((kind := backend_class(name)).ceiling or kind.needs or kind.package or kind.setting)
]


class Remote(Settings):
    """The same files behind an HTTP server on this machine, whose network the kernel limits."""

    backends: list[str] = Field([], description="ways to load from it, compared; none: it is not measured")
    workers: Counts = Field([1, 2, 8, 32], description="processes or threads that load; they mostly wait")
    connection_megabits: Rate | None = Field(20.0, description="Mbit/s of one connection (TCP pacing); null: no limit")
    megabits: Rate | None = Field(
        1000.0, description="Mbit/s of all connections together (traffic control, where this user may); null: no limit"
    )
    latency_ms: Rate | None = Field(
        10.0,
        description="ms that each packet takes, a round trip twice that (netem, where the kernel has it); null: none",
    )

    @field_validator("backends")
    @classmethod
    def _backends_can(cls, backends: list[str]) -> list[str]:
        for name in known(BACKENDS, backends):
            if REMOTE not in backend_class(name).sources:
                raise ValueError(f"{name!r} cannot load from a server")
        return backends

    @field_validator("workers")
    @classmethod
    def _no_repeats(cls, values: list[int]) -> list[int]:
        return unique(values)


class Own(Settings):
    """A dataset of your own, measured beside the ways of `backends` behind torch's DataLoader."""

    module: str | None = Field(
        None, description="file that makes it, as `my_data.py`; a relative path begins at the working directory"
    )
    dataset: str = Field(
        "build",
        description="function or class in it that is given the files, a list of paths, and the edge in pixels; it "
        "makes a torch Dataset whose element i is image i, or an iterable of (index or path, image)",
    )
    check: Literal["pixels", "once"] = Field(
        "pixels",
        description="pixels: where it gives uint8 of the study's size, they must be those of the other ways; once: it "
        "may give others, and each image must come once",
    )

    @model_validator(mode="after")
    def _is_there(self) -> "Own":
        if self.module is not None:
            check_function(self.module, self.dataset)
        return self


class Loading(Settings):
    """The loading benchmark: every backend on all values of the axes that mean something to it."""

    backends: list[str] = Field(DEFAULT_BACKENDS, min_length=1, description="ways to load, compared")
    workers: Counts = Field([1, 2], description="processes or threads that load")
    chunks: Counts = Field([16], description="images handed over at a time")
    start_methods: list[StartMethod] = Field([START_METHOD], min_length=1, description="how worker processes start")
    returns: list[Returns] = Field(
        ["pickled"], min_length=1, description="how worker processes hand pixels over, where a backend leaves it open"
    )
    prefetch: Counts = Field([PREFETCH], description="chunks under way for each worker, where a backend bounds them")
    page_cache: list[PageCache] = Field(
        ["warm"], min_length=1, description="state of the files before each pass; cold: dropped, and looked at"
    )
    sources: list[Literal["raw", "reencoded"]] = Field(
        ["raw"],
        min_length=1,
        description="files that backends without a format of their own read; reencoded: PNGs of the packed pixels",
    )
    decoders: list[str] = Field(
        [],
        description="other libraries that decode the raw files, each measured beside the study's own decoder, one "
        "image after the other; how far their pixels are from a full decode stands beside their speed",
    )
    own: Own = Own()
    augment: bool = Field(
        False,
        description="whether each image is augmented where it is decoded, on the CPU, by the steps of "
        "`training.augment` but those that mix images; every way to load must give the same pixels still",
    )
    passes: Count = Field(3, description="least timed passes over the training images in one launch, after a first one")
    window_seconds: Annotated[float, Field(ge=0)] = Field(
        2.0, description="least length of these passes together, seconds; more passes until it is reached"
    )
    blocks: Blocks = Field(3, description="repetitions of the whole sweep; 3 for an interval, 6 for a study")
    needed_images_per_second: Rate | None = Field(
        None,
        description="what a trainer takes, to name the cheapest way that feeds it; null: the fastest training",
    )
    dask_address: str | None = Field(
        None, description="scheduler of a Dask cluster that dask_distributed uses; null: a local one of its own"
    )
    remote: Remote = Remote()

    @field_validator("backends")
    @classmethod
    def _backends_exist(cls, backends: list[str]) -> list[str]:
        if "serial" not in backends:
            raise ValueError("must hold 'serial', the baseline of every loading speedup")
        for name in known(BACKENDS, backends):
            if name in ceilings():
                raise ValueError(f"{name!r} is measured in any case, as a ceiling")
            if setting := backend_class(name).setting:
                raise ValueError(f"{name!r} is measured where loading.{setting}.module names your file")
            if program := backend_class(name).needs:
                on_path(program, name)
        return backends

    @field_validator("workers", "chunks", "start_methods", "returns", "prefetch", "page_cache", "sources")
    @classmethod
    def _no_repeats(cls, values: list[int]) -> list[int]:
        return unique(values)

    @field_validator("sources")
    @classmethod
    def _raw_is_there(cls, sources: list[str]) -> list[str]:
        if "raw" not in sources:
            raise ValueError("must hold 'raw', from which the baseline of every loading speedup reads")
        return sources

    @field_validator("decoders")
    @classmethod
    def _decoders_exist(cls, decoders: list[str]) -> list[str]:
        return known(DECODERS, decoders)

    @model_validator(mode="after")
    def _own_is_not_augmented(self) -> "Loading":
        if self.own.module and self.augment and self.own.check == "pixels":
            raise ValueError("own.check: found pixels beside augment, which your dataset is not given; expected once")
        return self

    def skipped(self) -> dict[str, str]:
        """The backends and decoders of a study that cannot run here, with the reason."""
        kinds: dict[str, type[Kind]] = {name: backend_class(name) for name in self.backends}
        kinds |= {name: decoder_class(name) for name in self.decoders}
        return {
            name: f"the package {kind.package} is not installed" for name, kind in kinds.items() if not installed(kind)
        }

    def points(self) -> dict[str, LoadingPoint]:
        """Every point by id: the ceilings, then in the order of the config.

        A backend has one value of each axis that means nothing to it, and one that is skipped has no point.
        """
        skipped = self.skipped()
        found = [point for name in ceilings() for point in self._points_of(name)]
        found += [point for name in self.backends if name not in skipped for point in self._points_of(name)]
        found += self._points_of(OWN_DATASET) if self.own.module else []
        alone = {"backend": "serial", "source": RAW, "workers": 1, "chunk": 1}
        found += [LoadingPoint(decoder=name, **alone) for name in self.decoders if name not in skipped]
        if self.remote.backends:
            names = dict.fromkeys(["serial", *self.remote.backends])
            found += [point for name in names for point in self._points_of(name, remote=True)]
        return {point.id: point for point in found}

    def _start_methods(self, kind: type[Backend]) -> Sequence[StartMethod | None]:
        if not kind.processes:
            return [None]
        return [method for method in self.start_methods if kind.forks or method != "fork"] or [START_METHOD]

    def _points_of(self, name: str, remote: bool = False) -> list[LoadingPoint]:
        kind = backend_class(name)
        sources: list[str] = [source for source in self.sources if source in kind.sources] or [kind.sources[0]]
        workers = self.remote.workers if remote else self.workers
        axes = product(
            [REMOTE] if remote else sources,
            workers if kind.parallel else [1],
            self.chunks if kind.chunked else [1],
            self._start_methods(kind),
            self.returns if kind.shares else [None],
            self.prefetch if kind.prefetches else [None],
            ["warm"] if remote or kind.ceiling else self.page_cache,
        )
        names = ("source", "workers", "chunk", "start_method", "returns", "prefetch", "page_cache")
        return [LoadingPoint(backend=name, **dict(zip(names, values, strict=True))) for values in axes]
