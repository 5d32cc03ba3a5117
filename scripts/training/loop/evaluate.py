"""What a model has learned, counted over exactly the images of a split by all ranks together."""

from dataclasses import dataclass

import torch

from scripts.record import ClassScores
from scripts.training.launch.ranks import Ranks
from scripts.training.loop.batches import Batches, evaluation_order


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
    confusion = torch.zeros(classes * classes, dtype=torch.int64, device=ranks.device)
    training = model.training
    model.eval()
    for chosen in evaluation_order(len(data.images), batch, ranks.rank, ranks.world_size):
        images, labels = data.batch(chosen)
        confusion += (labels * classes + model(images).argmax(dim=1)).bincount(minlength=classes * classes)
    model.train(training)
    return scores(ranks.total(confusion).view(classes, classes).tolist())


def scores(confusion: list[list[int]]) -> Scores:
    """What a confusion matrix tells: a class that is never predicted has precision 0, one without images recall 0.

    Macro means are over the classes that have an image or are predicted once (F1: van Rijsbergen 1979).
    """
    right = [row[number] for number, row in enumerate(confusion)]
    images = [sum(row) for row in confusion]
    predicted = [sum(column) for column in zip(*confusion, strict=True)]
    per_class = [
        ClassScores(
            precision=round(hits / max(guesses, 1), 6),
            recall=round(hits / max(there, 1), 6),
            f1=round(2 * hits / max(there + guesses, 1), 6),
            images=there,
        )
        for hits, there, guesses in zip(right, images, predicted, strict=True)
    ]
    seen = [one for one, there, guesses in zip(per_class, images, predicted, strict=True) if there + guesses]

    def macro(name: str) -> float:
        return float(round(sum(getattr(one, name) for one in seen) / max(len(seen), 1), 6))

    return Scores(
        accuracy=round(sum(right) / max(sum(images), 1), 6),
        **{name: macro(name) for name in ("precision", "recall", "f1")},
        per_class=per_class,
        confusion=confusion,
    )
