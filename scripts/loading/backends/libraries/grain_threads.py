"""Grain's DataLoader without processes: its threads read and decode, this process puts batches together."""

from typing import Any

from scripts.loading.transports.grain_loader import GrainBackend


class Backend(GrainBackend):
    threads = True

    def settings(self) -> dict[str, Any]:
        from grain import ReadOptions

        ahead = self.prefetch * self.workers * self.chunk
        return {"read_options": ReadOptions(num_threads=self.workers, prefetch_buffer_size=ahead)}
