"""What a model has learned, counted over exactly the images of a split by all ranks together."""

import warnings

import torch
from torchmetrics import MetricCollection
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassConfusionMatrix,
    MulticlassF1Score,
    MulticlassPrecision,
    MulticlassRecall,
)

from scripts.training.batches import Batches, evaluation_order
from scripts.training.ranks import Ranks


@torch.no_grad()
def evaluate(model: torch.nn.Module, data: Batches, ranks: Ranks, batch: int) -> dict[str, torch.Tensor]:
    """Metrics over every image of `data` once.

    Args:
        model: the unwrapped network, with equal weights and buffers on every rank.
        batch: images of one forward pass.

    Returns:
        accuracy (share of all images), precision, recall, f1 (macro means over classes), confusion (int64,
        (classes, classes), rows: true class), as torchmetrics defines them.
    """
    classes = len(data.images.classes)
    metrics = MetricCollection(
        {
            "accuracy": MulticlassAccuracy(classes, average="micro"),
            "precision": MulticlassPrecision(classes, average="macro"),
            "recall": MulticlassRecall(classes, average="macro"),
            "f1": MulticlassF1Score(classes, average="macro"),
            "confusion": MulticlassConfusionMatrix(classes),
        },
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
        found: dict[str, torch.Tensor] = metrics.compute()
    return found
