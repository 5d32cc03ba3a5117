"""Grain's DataLoader with processes: each loads every n-th image on one thread, hands batches over in shared memory.

Grain starts its workers in its own way (spawn).
"""

from typing import Any

from scripts.loading.transports.grain_loader import GrainBackend


class Backend(GrainBackend):
    def settings(self) -> dict[str, Any]:
        from grain import ReadOptions

        # By default 16 threads read in each process.
        alone = ReadOptions(num_threads=0, prefetch_buffer_size=0)
        return {"worker_count": self.workers, "worker_buffer_size": self.prefetch, "read_options": alone}
