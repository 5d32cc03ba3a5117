"""SPDL's pipeline: an event loop hands chunks to threads, a bounded number of results waits at its end."""

from collections.abc import Iterator, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from scripts.loading import backend
from scripts.loading.backend import Item, Loaded, chunks, load_chunk
from scripts.loading.transports.gate import Gate

if TYPE_CHECKING:
    from spdl.pipeline import Pipeline


class Passes:
    """The chunks of a pass, again and again, each pass when it has begun."""

    def __init__(self, parts: Sequence[Sequence[Item]], gate: Gate) -> None:
        self.parts, self.gate, self.number = parts, gate, 0

    def __iter__(self) -> Iterator[Sequence[Item]]:
        self.number += 1
        self.gate.wait(self.number)
        yield from self.parts


class Backend(backend.Backend):
    """One pipeline serves every pass, as a trainer would keep it."""

    threads = True
    prefetches = True
    package = "spdl-core"
    module = "spdl"
    rests_on = ("spdl-core",)

    def __enter__(self) -> Self:
        import spdl.pipeline  # noqa: F401  (part of the start-up, not of the first pass)

        self.gate = Gate()
        self.pipeline: Pipeline[list[Loaded]] | None = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gate.close()
        if self.pipeline is not None:
            self.pipeline.stop()

    def _start(self, items: Sequence[Item]) -> "Pipeline[list[Loaded]]":
        from spdl.pipeline import PipelineBuilder

        builder: Any = PipelineBuilder()  # its types do not follow what its stages hand on
        pipeline: Pipeline[list[Loaded]] = (
            builder.add_source(Passes(chunks(items, self.chunk), self.gate), continuous=True)
            .pipe(partial(load_chunk, self.load), concurrency=self.workers)
            .add_sink(self.prefetch * self.workers)
            .build(num_threads=self.workers, max_failures=0)  # else what fails is left out, and logged
        )
        pipeline.start()
        return pipeline

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        from spdl.pipeline import PipelineFailure

        self.pipeline = self.pipeline or self._start(items)
        self.gate.open()
        try:
            for part in self.pipeline.get_iterator():
                yield from part
        except PipelineFailure as error:
            raise _cause(error) from None


def _cause(error: BaseException) -> BaseException:
    """What failed, of the groups and causes that SPDL wraps it in."""
    inner = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error.__cause__
    return error if inner is None else _cause(inner)
