"""Points in words, as a page says them before any id: `DDP, 4 workers`."""

from scripts.scaling.tables.rows import LoadingRow, TrainingRow
from scripts.training.points import PROGRAM

STRATEGIES = {
    "serial": "one process",
    "ddp": "DDP",
    "fsdp": "FSDP",
    "pipeline": "pipeline",
    "hybrid": "pipelines side by side",
    PROGRAM: "your script",
}


def trained_by(row: TrainingRow) -> str:
    """How a point trains: its strategy, its workers and what each of them has."""
    loaders = max(0, row.cores // row.workers - row.threads)
    alone = row.strategy == "serial" and row.workers == 1
    return _listed(
        STRATEGIES.get(row.strategy, row.strategy),
        "" if alone else several(row.workers, "worker"),
        several(row.threads, "thread") + ("" if alone else " each") if row.threads > 1 else "",
        several(loaders, "loader process") if loaders else "",
        several(row.nodes, "node") if row.nodes and row.nodes > 1 else "",
        row.variant,
    )


def loaded_by(row: LoadingRow) -> str:
    """How a point loads: its backend, its workers and how they hand images over."""
    return _listed(
        row.backend.replace("_", " "),
        several(row.workers, "worker") if row.workers > 1 or row.chunk > 1 else "",
        f"chunks of {row.chunk}" if row.chunk > 1 else "",
        "cold page cache" if row.page_cache == "cold" else "",
    )


def several(count: int, one: str) -> str:
    """`1 core`, `2 cores`, `3 launches`."""
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}{'es' if one.endswith(('s', 'h')) else 's'}"


def _listed(*parts: str) -> str:
    return ", ".join(filter(None, parts))
