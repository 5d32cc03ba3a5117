"""The loading benchmark."""

from pydantic import Field, field_validator

from scripts import registry
from scripts.config.settings import Count, Counts, Settings, known, on_path, unique
from scripts.loading.points import BACKENDS

# Those that need no program of a cluster.
DEFAULT_BACKENDS = [name for name in registry.names(BACKENDS) if registry.load(BACKENDS, name, "Backend").needs is None]


class Loading(Settings):
    """The loading benchmark: every backend on every worker count and chunk size."""

    backends: list[str] = Field(DEFAULT_BACKENDS, min_length=1, description="ways to load, compared")
    workers: Counts = Field([1, 2], description="processes or threads that load")
    chunks: Counts = Field([16], description="images handed over at a time")
    passes: Count = Field(3, description="timed passes over the training images in one launch, after one of warm-up")
    blocks: Count = Field(3, description="repetitions of the whole sweep; 3 for an interval, 6 for a study")

    @field_validator("backends")
    @classmethod
    def _backends_exist(cls, backends: list[str]) -> list[str]:
        if "serial" not in backends:
            raise ValueError("must hold 'serial', the baseline of every loading speedup")
        for name in known(BACKENDS, backends):
            if program := registry.load(BACKENDS, name, "Backend").needs:
                on_path(program, name)
        return backends

    @field_validator("workers", "chunks")
    @classmethod
    def _no_repeats(cls, values: list[int]) -> list[int]:
        return unique(values)
