"""The studies whose dry runs make docs/staleness.md."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helping import write_jpeg

FRACTIONS = {"train": 0.6, "valid": 0.2, "test": 0.2}
PACKED = {"size": 16, "shards": 3, "max_reject_fraction": 0.1, "fractions": FRACTIONS}
TRAINED = {"global_batch": 8, "epochs": 2, "warmup_steps": 1}
SPLIT = "results/{study}/images/split.parquet"
# By name: the settings, and what is made of them.
STUDIES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "pictures": (
        {
            "images": PACKED | {"folder": "pictures", "groups": "groups.csv"},
            "loading": {
                "backends": ["serial", "pool_map", "torch_dataloader", "dask_threads"],
                "workers": [2],
                "chunks": [4],
                "sources": ["raw", "reencoded"],
                "remote": {"backends": ["threads"], "workers": [1]},
                "own": {"module": "my_data.py"},
                "blocks": 1,
            },
            "training": TRAINED
            | {
                "weights": "weights.pt",
                "strategies": ["serial", "ddp", "hybrid"],
                "workers": [2],
                "pipeline": {"microbatches": [2], "hybrid_workers": [2]},
                "predict": {"folder": "asked", "parts": 2},
                "blocks": 1,
            },
            "scaling": {"compare_with": "old"},
            "plan": {"jobs": [{"name": "final"}]},
        },
        [
            *("all", "confirm", "features", "predict"),
            "results/{study}/loading/webdataset.csv",
            "results/{study}/loading/litdata.csv",
            "results/{study}/training/weights/resnet18.pt",
            "results/{study}/scaling/next_pass.json",
            "results/{study}/report/plan/gantt.svg",
            "results/{study}/report/history/ratios.svg",
            "proposal",
        ],
    ),
    "drawn": ({"images": PACKED | {"sample": {"per_class": 12, "size": 64}}, "training": TRAINED}, [SPLIT]),
    "listed": ({"images": PACKED | {"manifest": "listed.csv", "track": "manifest"}, "training": TRAINED}, [SPLIT]),
    "spread": ({"images": PACKED | {"folder": "pictures", "pack_on": "dask"}, "training": TRAINED}, [SPLIT]),
    "fetched": (
        {"images": {"folder": "fetched", "archive": {"url": "a.zip", "checksum": f"sha256:{'0' * 64}"}}},
        ["results/{study}/images/archive.json"],
    ),
    "own": (
        {
            "training": {
                "program": {
                    "command": "train.py --batch {batch_per_rank} --loaders {loader_workers} --out {out}",
                    "folder": "project",
                },
                "workers": [2],
                "blocks": 1,
            }
        },
        ["all"],
    ),
    "theirs": ({"scaling": {"external": "theirs.csv"}, "plan": {"jobs": [{"name": "final"}]}}, ["all"]),
}


def merged(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with changes at any depth."""
    found = dict(settings)
    for name, value in changes.items():
        found[name] = merged(found.get(name) or {}, value) if isinstance(value, Mapping) else value
    return found


def lay_down(folder: Path) -> None:
    """The raw files of all studies."""
    for label, name in enumerate(("ash", "birch", "cedar")):
        for i in range(12):
            write_jpeg(folder / "pictures" / name / f"{name}_{i:02d}.jpg", seed=100 * label + i)
    for seed, name in enumerate(("ash/{odd}.jpg", "birch/one.bmp", "birch/two.bmp", "cedar/ahead.jpg"), start=400):
        write_jpeg(folder / "pictures" / name, seed)
    for name, time in (("birch/one.bmp", 10**9), ("birch/two.bmp", 10**9), ("cedar/ahead.jpg", 2**33)):
        os.utime(folder / "pictures" / name, (time, time))
    for seed in range(4):
        write_jpeg(folder / "asked" / f"{seed}.jpg", seed=500 + seed)
    paths = sorted(path.relative_to(folder / "pictures").as_posix() for path in folder.glob("pictures/*/*_*.jpg"))
    rows = [f"pictures/{path},{path.partition('/')[0]}" for path in paths]
    (folder / "listed.csv").write_text("\n".join(["path,label", *rows, ""]))
    (folder / "groups.csv").write_text("path,group\nash/ash_00.jpg,pair\nash/ash_01.jpg,pair\n")
    (folder / "weights.pt").write_bytes(b"weights")
    for name in ("project/train.py", "project/models.py", "project/conf/a.yaml", "moved/train.py", "moved/models.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("pass\n")
    for name in ("my_data.py", "moved/my_data.py"):
        (folder / name).write_text("def build(files, size):\n    pass\n\n\nother = build\n")
    for name in ("theirs.csv", "others.csv"):
        (folder / name).write_text("point,workers\n")
    for table in ("old/scaling/training", "old/scaling/loading", "older/scaling/training", "older/scaling/loading"):
        (folder / table).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{table}.parquet").write_text(table)
