"""The study of quirks.py on disk: images, records, use of the machine, networks."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from quirks import CLASSES, REJECT, TRAINING

from scripts import record
from scripts.atomic import write_text
from scripts.record import Record
from scripts.training.launch.monitor import Sample
from scripts.training.model.model_facts import ModelFacts


def write_images(folder: Path) -> None:
    """Three classes of 12 packed images, the last two of each class not in training; one rejected file."""
    rng = np.random.default_rng(0)
    (folder / "shards").mkdir(parents=True)
    np.save(folder / "shards" / "0000.npy", rng.integers(0, 256, (36, 4, 4, 3), np.uint8).repeat(8, 1).repeat(8, 2))
    rows = [
        {"path": f"{name}/{i:02d}.jpg", "shard": 0, "row": 12 * label + i, "class": name, "group": f"{label}{i}",
         "sha256": f"{label}{i}", "split": {10: "valid", 11: "test"}.get(i, "train")}
        for label, name in enumerate(CLASSES)
        for i in range(12)
    ]  # fmt: skip
    pd.DataFrame(rows).to_parquet(folder / "split.parquet", index=False)
    pd.DataFrame([REJECT], columns=["path", "reason"]).to_csv(folder / "rejects.csv", index=False)
    leaks = {"held_out": 6, "actual": 0, "random_mean": 3.6, "random_min": 2, "random_max": 5}
    (folder / "leaks.json").write_text(json.dumps(leaks))


def write_records(folder: Path, records: Iterable[Record]) -> list[Path]:
    paths = []
    for one in records:
        path = folder / one.stage / "records" / one.point_id / f"b{one.block}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        record.write(one, path)
        paths.append(path)
    return paths


def write_usage(folder: Path) -> None:
    """What the trainings of the first block used."""
    for point in TRAINING:
        ten = np.arange(1.0, 11.0)
        table = pd.DataFrame(dict.fromkeys(Sample._fields, 0.0), index=range(10))
        table = table.assign(node="node1", seconds=ten, cpu_cores=1.5, memory_bytes=2**30)
        table = table.assign(gpu_utilisation=None, gpu_memory_bytes=None, gpu_watts=None)
        table.to_csv(folder / "training" / "records" / point / "b1.usage.csv", index=False)


def write_networks(folder: Path) -> None:
    """What the networks ask for."""
    for model, parameters in (("resnet18", 11_179_077), ("resnet50", 23_518_277)):
        facts = ModelFacts(
            model=model, size=64, parameters=parameters, forward_flops=296_000_000, activation_bytes=1_820_000
        )
        write_text(folder / "training" / "facts" / f"{model}.json", facts.model_dump_json())
