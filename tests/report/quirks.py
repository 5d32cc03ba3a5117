"""A small study with what awkward users bring: its records, and what Slurm's accounting says of its jobs."""

import itertools
import math

from helping import training_point

from scripts.loading.points import LoadingPoint
from scripts.record import ClassScores, Environment, Epoch, Loaded, Noise, Quality, Record, Validity
from scripts.scaling.tables.tabulate_jobs import Job

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
