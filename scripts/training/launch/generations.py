"""How a checkpoint's files are called: one of each rank for each step that it was written after."""

from pathlib import Path


def file_of(folder: Path, step: int, rank: int) -> Path:
    """Where a rank writes its state after a step."""
    return folder / f"step-{step}.rank-{rank}.pt"


def files_of(folder: Path, rank: int) -> list[Path]:
    """All that a rank has written, and what writers of it that were killed have left."""
    return list(folder.glob(f"*step-*.rank-{rank}.pt*"))


def steps_of(folder: Path, rank: int) -> list[int]:
    """The steps after which a rank has written its state, newest first."""
    found = (path.name.partition(".")[0] for path in folder.glob(f"step-*.rank-{rank}.pt"))
    return sorted((int(name.removeprefix("step-")) for name in found), reverse=True)
