"""What a model has learned, counted over exactly the images of a split by all ranks together."""

import warnings
from dataclasses import dataclass

import torch
from torchmetrics import MetricCollection
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassConfusionMatrix,
    MulticlassF1Score,
    MulticlassPrecision,
    MulticlassRecall,
)

from scripts.record import ClassScores
from scripts.training.batches import Batches, evaluation_order
from scripts.training.ranks import Ranks

OF_CLASSES = {"precision": MulticlassPrecision, "recall": MulticlassRecall, "f1": MulticlassF1Score}


@dataclass(frozen=True)
class Scores:
    """How well a network did on a split; the macro means are over classes."""

    accuracy: float  # share of all images
    precision: float  # macro mean
    recall: float  # macro mean
    f1: float  # macro mean
    per_class: list[ClassScores]
    confusion: list[list[int]]  # rows: true class; columns: predicted

    @property
    def images(self) -> int:
        """Images that were counted."""
        return sum(map(sum, self.confusion))


@torch.no_grad()
def evaluate(model: torch.nn.Module, data: Batches, ranks: Ranks, batch: int) -> Scores:
    """Metrics over every image of `data` once.

    Args:
        model: the unwrapped network, with equal weights and buffers on every rank.
        batch: images of one forward pass.
    """
    classes = len(data.images.classes)
    metrics = MetricCollection(
        {
            "accuracy": MulticlassAccuracy(classes, average="micro"),
            "confusion": MulticlassConfusionMatrix(classes),
        }
        | {name: kind(classes, average="macro") for name, kind in OF_CLASSES.items()}
        | {f"{name} of each": kind(classes, average="none") for name, kind in OF_CLASSES.items()},
        compute_groups=False,
    ).to(ranks.device)
    training = model.training
    model.eval()
    for chosen in evaluation_order(len(data.images), batch, ranks.rank, ranks.world_size):
        images, labels = data.batch(chosen)
        metrics.update(model(images), labels)
    model.train(training)
    with warnings.catch_warnings():  # a rank may have no image of a small split; its counts are zero
        warnings.filterwarnings("ignore", message=".*before the ``update`` method.*")
        found = metrics.compute()
    confusion = found["confusion"].tolist()
    # torchmetrics counts in float32: six decimals are what it knows, and 0.9 must not read 0.89999998.
    shares = {name: round(float(found[name]), 6) for name in ("accuracy", *OF_CLASSES)}
    per_class = [
        ClassScores(
            **{name: round(float(found[f"{name} of each"][number]), 6) for name in OF_CLASSES},
            images=sum(confusion[number]),
        )
        for number in range(classes)
    ]
    return Scores(**shares, per_class=per_class, confusion=confusion)
