"""What two trainings must have in common to be divided by each other."""

from typing import Any

import torch

from scripts import machine, record
from scripts.training.loop.inputs import Inputs
from scripts.training.model.model_names import packages_of
from scripts.training.spec import TrainSpec


def key_of(spec: TrainSpec, inputs: Inputs, device: torch.device, environment: record.Environment) -> dict[str, Any]:
    """The comparison key: what must agree where two runs are divided."""
    point = spec.point
    images, split, _, weights = inputs.digests
    batch = f"global batch {point.global_batch}"
    if point.scaling == "weak":
        batch = f"batch {point.global_batch // point.workers} a worker"
    return {
        "model": point.model,
        "model_digest": spec.model_digest,
        "weights": spec.weights_name or weights,
        "image_size": spec.size,
        "packed_size": spec.packed_size,
        "augmentation": spec.augment,
        "sampling": spec.sampling,
        "loss": spec.loss.model_dump(),
        "images": images,
        "split": split,
        "precision": point.precision,
        "optimizer": spec.optimizer.model_dump(),
        "epochs": f"at most {spec.epochs}" if spec.stop_at_target else spec.epochs,
        "warmup_steps": spec.warmup_steps,
        "device": device.type,
        "cpu_model": environment.cpu_model,
        "gpu_model": environment.gpu,
        "batch_policy": f"{point.scaling}: {batch}",
        **machine.versions_of(environment, "torch", "torchvision", "numpy", *packages_of(point.model)),
    }
