"""A gate at which workers wait until a pass has begun, for libraries whose workers run ahead into the next one.

What they did before the clock starts would make the pass look shorter than it is. A pass is a byte of a file in memory,
locked until it begins (fcntl(2), open file description locks): who waits sleeps in the kernel, in a thread as in a
process, and is let go when the measuring process ends, whatever ends it.
"""

import fcntl
import os
import struct

EVER = 0  # length of a range without an end


class Gate:
    """Made and opened by the measuring process; its copies in worker processes only wait."""

    def __init__(self) -> None:
        self._file: int | None = os.memfd_create("scalecard-passes")
        self._path = f"/proc/{os.getpid()}/fd/{self._file}"
        self._begun = 0  # the last pass that is known to have begun, from 1
        _lock(self._file, fcntl.F_WRLCK, 1, EVER)

    def open(self) -> None:
        """Begin the next pass."""
        assert self._file is not None
        self._begun += 1
        _lock(self._file, fcntl.F_UNLCK, self._begun, 1)

    def wait(self, number: int) -> None:
        """Until the pass of that number, from 1, has begun; for no pass once the gate is closed."""
        if number <= self._begun or not os.path.exists(self._path):  # noqa: PTH110
            return
        file = os.open(self._path, os.O_RDONLY)
        try:
            _lock(file, fcntl.F_RDLCK, number, 1)
        finally:
            os.close(file)
        self._begun = max(self._begun, number)

    def close(self) -> None:
        """Let everybody go."""
        if self._file is not None:
            os.close(self._file)
        self._file = None

    def __getstate__(self) -> dict[str, object]:
        return {"_file": None, "_path": self._path, "_begun": self._begun}


def _lock(file: int, kind: int, start: int, length: int) -> None:
    """Wait for a lock, or give it back: struct flock of fcntl(2)."""
    fcntl.fcntl(file, fcntl.F_OFD_SETLKW, struct.pack("hhqqi0q", kind, os.SEEK_SET, start, length, 0))
