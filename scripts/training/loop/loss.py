"""What is minimised: the mean over images of the cross-entropy, weighted by class."""

import numpy as np
import torch
import torch.nn.functional as F

from scripts.training.spec import LossSpec


class Loss:
    """The loss of a batch, or of a piece of one.

    A weighted sum is divided by the number of images, not by the sum of their weights: so the mean over equal shares is
    the loss of the whole, however many ranks share it.

    Args:
        images: training images of each class.
    """

    def __init__(self, spec: LossSpec, images: np.ndarray, device: torch.device) -> None:
        self.smoothing = spec.label_smoothing
        self.weights: torch.Tensor | None = None
        if spec.class_weights is not None:
            balanced = images.sum() / (len(images) * np.maximum(images, 1))
            given = balanced if spec.class_weights == "balanced" else spec.class_weights
            self.weights = torch.tensor(given, dtype=torch.float32, device=device)

    def __call__(self, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The mean over images, nats.

        Args:
            outputs: (n, classes), logits.
            labels: int64 (n,), or of mixed images float32 (n, classes).
        """
        if labels.is_floating_point():
            outputs = outputs.float()
        if self.weights is None:
            return F.cross_entropy(outputs, labels, label_smoothing=self.smoothing)
        total = F.cross_entropy(outputs.float(), labels, self.weights, label_smoothing=self.smoothing, reduction="sum")
        return total / len(labels)
