"""A small study with what awkward users bring: its records, its images, and how to run programs on it."""

import itertools
import json
import math
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from helping import run, training_point

from scripts import record
from scripts.atomic import write_text
from scripts.loading.points import LoadingPoint
from scripts.record import ClassScores, Environment, Epoch, Loaded, Noise, Quality, Record, Validity
from scripts.registry import ROOT
from scripts.scaling.tables.tabulate_jobs import Job
from scripts.training.model_facts import ModelFacts
from scripts.training.monitor import Sample

CLASSES = ["$cost$_1_", "<b>x</b>&", "normal"]
REJECT = ("<i>bad</i>.jpg", "cannot be decoded & more")
BLOCKS = (1, 2, 3, 4)
# Seconds of the first block; resnet18-ddp-8 asks for more than the 4 cores that it may use. Its curve is Amdahl's.
TRAINING = {
    "resnet18-serial-1": 40.0,
    "resnet18-ddp-1": 41.0,
    "resnet18-ddp-2": 21.73,
    "resnet18-ddp-4": 12.095,
    "resnet18-ddp-8": 13.9,
    "resnet18-fsdp-2": 18.0,
    "resnet50-serial-1": 95.0,
    "resnet50-ddp-2": 52.0,
}
LOADING = {
    "decode_only-1": 0.24,
    "headspace-1": 0.0011,
    "serial-1": 0.31,
    "serial-1-cold": 0.42,
    "pool_map-1-16": 0.33,
    "pool_map-2-16": 0.19,
    "pool_map-2-16-cold": 0.27,
    "torch_dataloader-2-16": 0.15,
    "packed-1": 0.0021,
}
PIDS = itertools.count(1)  # of launches: no two have the same
SKIPPED = {"ffcv": "the package <ffcv> is not installed"}
STRAYS = "resnet18-fsdp-2"  # learns something else: invalid
WRONG = "torch_dataloader-2-16"  # brings other pixels: invalid
DRIFTS = ("resnet18-ddp-2", 3)  # in one block
# Training ran on Slurm, loading did not; accounting lacks the last job.
JOB_IDS = {(point, block): str(100 + 10 * i + block) for i, point in enumerate(TRAINING) for block in BLOCKS}
LOST_JOB = ("resnet50-ddp-2", 4)


def shaken(seconds: float, point: str, block: int) -> float:
    """Seconds as a quiet machine measures them: a percent or two from block to block."""
    return seconds * (1 + 0.02 * math.sin(7 * block + len(point)))


def a_record(stage: str, name: str, block: int, cores: int, seconds: float, **fields: object) -> Record:
    """A valid record, but for what `fields` says."""
    drifts = (name, block) == DRIFTS
    phases = fields.setdefault("phases", {"steady": seconds})
    assert isinstance(phases, dict)
    common: dict[str, object] = {
        "study": "quirks",
        "stage": stage,
        "point_id": name,
        "block": block,
        "cores": cores,
        "images": 1200,
        "seconds": seconds,
        "images_per_second": 1200 / seconds,
        "wall_seconds": math.fsum(phases.values()),
        "cpu_seconds": seconds * cores,
        "peak_rss_bytes": 400 * 2**20,
        "quality": None,
        "validity": Validity.of({}),
        "environment": Environment(
            started="2026-01-01T00:00:00+00:00",
            host="node1",
            pid=next(PIDS),
            cpu_model="AMD EPYC 7763",
            usable_cores=4,
            machine_cores=16,
            memory_bytes=64 * 2**30,
            kernel="6.1.0",
            gpu=None,
            python="3.11.7",
            packages={"torch": "2.14.1", "numpy": "2.4.6"},
            threads={"OMP_NUM_THREADS": "1"},
            job_id=JOB_IDS.get((name, block)),
            nodes=["node1"],
            start_method="forkserver" if stage == "loading" else None,
            page_cache="warm",
            allocator="glibc",
        ),
        "noise": Noise(
            calibration_before=0.003,
            calibration_after=0.003 * (1.21 if drifts else 1.01),
            load_average=1.5,
            foreign_cores=0.05,
            cpu_mhz=2600.0,
            involuntary_context_switches=120,
        ),
    }
    return Record.model_validate(common | fields)


def training_record(point: str, block: int) -> Record:
    model, strategy, workers = point.split("-")
    seconds = shaken(TRAINING[point], point, block)
    start = 2.4 if point == STRAYS else 1.1 if model == "resnet18" else 1.3
    epochs = [
        Epoch(loss=start * 0.7**i + 0.01 * block, valid_accuracy=1 - 0.5 * 0.6**i - 0.01 * block, seconds=seconds / 6)
        for i in range(6)
    ]
    quality = Quality(
        epochs=epochs,
        steps_per_epoch=25,
        classes=CLASSES,
        test_accuracy=0.9,
        precision=0.91,
        recall=0.9,
        f1=0.903,
        per_class=[
            ClassScores(precision=precision, recall=recall, f1=f1, images=10)
            for precision, recall, f1 in [(0.818182, 0.9, 0.857143), (0.909091, 1.0, 0.952381), (1.0, 0.8, 0.888889)]
        ],
        confusion=[[9, 1, 0], [0, 10, 0], [2, 0, 8]],
        seconds_to_target=seconds * 0.8,
        precision_emulated=False,
    )
    settings = training_point(strategy, int(workers), model=model).model_dump()
    key = {"model": model, "device": "cpu", "epochs": 6}
    return a_record("training", point, block, int(workers), seconds, point=settings, key=key, quality=quality)


def loading_record(point: str, block: int) -> Record:
    backend, workers, *rest = point.split("-")
    cold = rest[-1:] == ["cold"]
    settings = LoadingPoint(
        source="packed" if backend == "packed" else "raw",
        backend=backend,
        workers=int(workers),
        chunk=int(rest[0]) if rest and rest[0].isdigit() else 1,
        start_method="forkserver" if rest[:1] == ["16"] else None,
        page_cache="cold" if cold else "warm",
    )
    assert settings.id == point
    found = {"checksum": ("a1b2", "ffff" if point == WRONG else "a1b2")}
    seconds = shaken(LOADING[point], point, block)
    loaded = Loaded(
        passes=40,
        first_batch_seconds=0.02,
        first_pass_seconds=seconds + 0.05,
        steady_cpu_seconds=40 * seconds * int(workers),
        storage_bytes=40 * 2**20 if cold else 0,
        resident_share=0.0 if cold else 1.0,
        network=None,
    )
    return a_record(
        *("loading", point, block, int(workers), seconds),
        images=40 * 1200,
        point=settings.model_dump(),
        key={"image_size": 32, "page_cache": settings.page_cache},
        phases={"startup": 0.1 * int(workers), "steady": 40 * seconds, "shutdown": 0.01},
        loaded=loaded,
        validity=Validity.of(found),
    )


def on_four_cores(one: Record) -> Record:
    """A record of a smaller machine, where half a core that others use disturbs."""
    return one.model_copy(update={"environment": one.environment.model_copy(update={"machine_cores": 4})})


def lasting(one: Record, wall: float, images: int | None = None) -> Record:
    """The record of a launch that took `wall` seconds, and went through `images` in the steady ones."""
    longer, images = wall / one.wall_seconds, images or one.images
    return one.model_copy(
        update={
            "images": images,
            "seconds": one.seconds * longer,
            "images_per_second": images / (one.seconds * longer * one.passes),
            "phases": {name: seconds * longer for name, seconds in one.phases.items()},
            "wall_seconds": wall,
        }
    )


def accounting() -> dict[str, Job]:
    """What sacct tells of the study's jobs: 4 cores held, 3 of them used."""
    start = 1_767_225_600  # as the records
    return {
        job_id: Job(
            state="COMPLETED",
            exit_code="0:0",
            submit=start - 10 * block,
            start=start,
            end=start + 50,
            run_seconds=50,
            nodes=1,
            node_list="node1",
            cpus=4,
            allocated_cpu_seconds=200,
            used_cpu_seconds=150.0,
            requested_memory_bytes=2 * 2**30,
            max_rss_bytes=2**30,
        )
        for (point, block), job_id in JOB_IDS.items()
        if (point, block) != LOST_JOB
    }


def write_images(folder: Path) -> None:
    """Three classes of 12 packed images, the last two of each class not in training; one rejected file."""
    rng = np.random.default_rng(0)
    (folder / "shards").mkdir(parents=True)
    np.save(folder / "shards" / "0000.npy", rng.integers(0, 256, (36, 32, 32, 3), np.uint8))
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


def python(*arguments: object) -> str:
    """Run a program of the repository; its stdout."""
    return run(ROOT, sys.executable, "-m", *map(str, arguments)).stdout


def draw_figures(study: Path, folder: Path) -> None:
    """Run the program on the study."""
    python(
        "scripts.report.draw_figures",
        *("--training", study / "scaling/training.parquet", "--loading", study / "scaling/loading.parquet"),
        *("--records", *sorted(study.glob("*/records/*/*.json")), "--folder", folder),
        *("--usage", *sorted(study.glob("training/records/*/b1.usage.csv")), "--laws", study / "scaling/laws.json"),
    )


def typeset_tables(study: Path, training: Path, folder: Path) -> None:
    """Run the program on the study, with a training table of its own."""
    tables = study / "scaling"
    python(
        "scripts.report.typeset_tables",
        *("--training", training, "--strategies", tables / "strategies.parquet"),
        *("--loading", tables / "loading.parquet", "--jobs", tables / "jobs.parquet", "--folder", folder),
        *("--records", *sorted(study.glob("*/records/*/*.json"))),
    )


def render_page(study: Path, figures: Path, jobs: Path, page: Path, *more: object) -> None:
    """Run the programs of the contact sheet and the page on the study, the page's with `more` arguments."""
    sheet, images = page.with_name("contact_sheet.jpg"), study / "images"
    if not sheet.exists():
        shards = ("--shards", images / "shards", "--split", images / "split.parquet")
        python("scripts.report.contact_sheet", *shards, "--sheets", sheet)
    config = {
        "study": "quirks",
        "training": {"epochs": 6, "scaling": "strong", "global_batch": 32},
        "images": {"folder": "/data/<script>alert(1)</script>"},
    }
    dask = ("--dask-report", study / "loading/dask_report.html") if (figures / "dask_graph.svg").exists() else ()
    python(
        "scripts.report.render_page",
        *("--answer", study / "scaling/loading.json", "--laws", study / "scaling/laws.json"),
        *("--strategies", study / "scaling/strategies.parquet"),
        *("--recommendation", study / "scaling/recommendation.json", "--claims", study / "scaling/claims.json", *dask),
        *("--training", study / "scaling/training.parquet", "--loading", study / "scaling/loading.parquet"),
        *("--networks", *sorted((study / "training" / "facts").glob("*.json"))),
        *("--jobs", jobs, "--records", *sorted(study.glob("*/records/*/*.json"))),
        *("--split", images / "split.parquet", "--rejects", images / "rejects.csv"),
        *("--leaks", images / "leaks.json", "--previews", *[sheet] * len(CLASSES)),
        *("--figures", *sorted(figures.glob("*.svg")), "--sheet", sheet),
        *("--template", ROOT / "scripts/report/page.html.jinja", "--page", page),
        *("--spec", json.dumps({"config": config})),
        *more,
    )
