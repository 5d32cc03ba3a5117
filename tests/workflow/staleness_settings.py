"""Every setting with another value: the rows of docs/staleness.md that need no edit of a file."""

import sys
from collections.abc import Iterator
from types import UnionType
from typing import Any, get_args

from staleness_rows import Row, elsewhere, in_a_manifest
from staleness_studies import merged

from scripts.config import Study
from scripts.config.settings import Settings

# By key, another value than the study has; `.*`: of settings that their rules take as one, one.
VALUES: dict[str, Any] = {
    "study": "renamed",
    "seed": 1,
    "measuring.again": 0,
    "measuring.budget_minutes": 60,
    "images.folder": "elsewhere",
    "images.layout": "classes",
    "images.manifest": "all.csv",
    "images.track": "files",
    "images.archive.url": "b.zip",
    "images.archive.checksum": f"sha256:{'1' * 64}",
    "images.sample.per_class": 13,
    "images.sample.size": 65,
    "images.limits.*": {"max_bytes": 10**7, "max_pixels": 10**7, "min_edge": 9, "frames": "first"},
    "images.size": 20,
    "images.shards": 4,
    "images.pack_on": "dask",
    "images.dask_workers": 3,
    "images.groups": None,
    "images.near_duplicates": None,
    "images.fractions.*": {"train": 0.5, "valid": 0.3, "test": 0.2},
    "images.steps": [{"resize": {}}, {"clahe": {}}],
    "images.max_reject_fraction": 0.2,
    "loading.backends": ["serial", "pool_map", "torch_dataloader", "dask_threads", "threads"],
    "loading.workers": [2, 4],
    "loading.chunks": [4, 8],
    "loading.start_methods": ["forkserver", "spawn"],
    "loading.returns": ["pickled", "shared_memory"],
    "loading.prefetch": [2, 4],
    "loading.page_cache": ["warm", "cold"],
    "loading.sources": ["raw"],
    "loading.decoders": ["pillow"],
    "loading.own.module": "moved/my_data.py",
    "loading.own.dataset": "other",
    "loading.own.check": "once",
    "loading.augment": True,
    "loading.passes": 2,
    "loading.window_seconds": 1.0,
    "loading.blocks": 2,
    "loading.needed_images_per_second": 100,
    "loading.dask_address": "tcp://there:8786",
    "loading.remote.backends": ["serial"],
    "loading.remote.workers": [1, 2],
    "loading.remote.connection_megabits": 10,
    "loading.remote.megabits": 10,
    "loading.remote.latency_ms": 20,
    "training.program.command": "train.py --batch {batch_per_rank} --loaders {loader_workers} --out {out} --epochs 2",
    "training.program.folder": "moved",
    "training.program.python": sys.executable,
    "training.program.name": "mine",
    "training.program.environment": {"LOADERS": "{loader_workers}"},
    "training.program.files": ["models.py"],
    "training.program.launcher": "none",
    "training.program.stop_after.*": {"seconds": 9, "steps": 9, "relative_width": 0.1},
    "training.program.events.file": "events.jsonl",
    "training.program.events.pattern": "(?P<images>[0-9]+) images",
    "training.program.join_seconds": 60,
    "training.program.step_seconds": 60,
    "training.program.memory_mb": 8000,
    "training.model": "tiny_cnn",
    "training.weights": None,
    "training.strategies": ["serial", "ddp", "hybrid", "fsdp"],
    "training.device": "cpu",
    "training.precision": "bf16",
    "training.workers": [2, 4],
    "training.workers_per_node": 1,
    "training.threads": 2,
    "training.loader_workers": 1,
    "training.cores_at_most": 1,
    "training.scaling": ["strong", "weak"],
    "training.global_batch": 16,
    "training.micro_batch": 2,
    "training.augment": [{"horizontal_flip": {}}],
    "training.sampling": "balanced",
    "training.loss.*": {"class_weights": "balanced", "label_smoothing": 0.1},
    "training.epochs": 3,
    "training.warmup_steps": 0,
    "training.optimizer.*": {"name": "adamw", "lr": 0.1, "momentum": 0.8, "weight_decay": 0.1, "schedule": "linear"}
    | {"lr_warmup_steps": 1, "lr_rule": "sqrt"},
    "training.pipeline.schedules": ["gpipe"],
    "training.pipeline.microbatches": [4],
    "training.pipeline.hybrid_stages": 1,
    "training.pipeline.hybrid_workers": [4],
    "training.tuning.channels_last": False,
    "training.tuning.*": {"bucket_mb": 10},
    "training.predict.point": "resnet18-ddp-2",
    "training.predict.folder": "pictures/ash",
    "training.predict.parts": 3,
    "training.predict.batch": 32,
    "training.variants": {"nchw": {"channels_last": False}},
    "training.profile": False,
    "training.profile_blocks": 3,
    "training.tensorboard": True,
    "training.checkpoint_seconds": None,
    "training.target_accuracy": 0.8,
    "training.stop_at_target": True,
    "training.blocks": 2,
    "scaling.baseline": "ddp-2",
    "scaling.confidence": 0.9,
    "scaling.loss_tolerance": 0.5,
    "scaling.tolerance": 0.1,
    "scaling.marginal_efficiency": 0.6,
    "scaling.deadline_seconds": 60,
    "scaling.confirm_blocks": 4,
    "scaling.prices.core_hour": 0.01,
    "scaling.prices.gpu_hour": 1,
    "scaling.prices.currency": "EUR",
    "scaling.adaptive.passes": True,
    "scaling.adaptive.most_blocks": 6,
    "scaling.adaptive.core_hours": 1,
    "scaling.adaptive.minutes": 1,
    "scaling.claims": [{"point": "resnet18-ddp-2", "against": "resnet18-serial-1", "times": 2}],
    "scaling.external": "others.csv",
    "scaling.compare_with": ["old", "older"],
    "scaling.under_test": ["version of torch"],
    "scaling.fail_on_regression": True,
    "plan.jobs": [{"name": "other"}],
    "plan.cluster.*": {"nodes": 2, "cores_per_node": 4, "gpus_per_node": 1},
    "plan.minimise": "cost",
    "plan.deadline_seconds": 60,
    "plan.budget": 1,
    "plan.solver_seconds": 1,
    "proposal.centre": "archer2",
    "proposal.trainings": 5,
    "proposal.reserve": 0.5,
}
EDITS = {"images.folder": elsewhere, "images.manifest": in_a_manifest}
# What must change with a key, since it names points by it.
WITH: dict[str, Any] = {
    "training.program.launcher": {
        "training": {"program": {"launcher": "none", "command": "train.py {workers} {batch_per_rank}"}}
    },
    "training.threads": {"scaling": {"baseline": "serial-1x2"}},
    "training.loader_workers": {"scaling": {"baseline": "serial-1l1"}},
    "loading.augment": {
        "training": {"augment": [{"horizontal_flip": {}}]},
        "loading": {"own": {"check": "once"}},
    },
}
# In place of the study of pictures, or beside it, those that have rules of their own for a key.
STUDIES = {
    **dict.fromkeys(("images.track",), ("listed",)),
    **dict.fromkeys(("images.archive.url", "images.archive.checksum"), ("fetched",)),
    **dict.fromkeys(("images.sample.per_class", "images.sample.size"), ("drawn",)),
    "scaling.external": ("theirs",),
    "seed": ("pictures", "drawn"),
    **dict.fromkeys(("images.size", "images.dask_workers", "images.steps"), ("pictures", "spread")),
    **dict.fromkeys(
        ("scaling.confidence", "scaling.prices.currency", "scaling.tolerance", "training.blocks"),
        ("pictures", "theirs"),
    ),
    **{key: ("own",) for key in VALUES if key.startswith("training.program.")},
}


def keys(settings: type[Settings] = Study, prefix: str = "") -> Iterator[str]:
    """Every setting that there is, by its dotted name."""
    for name, field in settings.model_fields.items():
        options = get_args(field.annotation) if isinstance(field.annotation, UnionType) else (field.annotation,)
        group = next((kind for kind in options if isinstance(kind, type) and issubclass(kind, Settings)), None)
        if group is not None:
            yield from keys(group, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def rows() -> Iterator[Row]:
    for key, value in VALUES.items():
        changed: Any = value
        for part in reversed(key.removesuffix(".*").split(".")):
            changed = {part: changed}
        yield Row(
            f"`{key}`",
            merged(changed, WITH.get(key, {})),
            EDITS.get(key, lambda _: None),
            STUDIES.get(key, ("pictures",)),
        )
    yield Row("`images.steps`: a default written out", {"images": {"steps": [{"resize": {"mode": "stretch"}}]}})
