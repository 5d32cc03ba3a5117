"""A training by Lightning's Trainer."""

import argparse
import os

import lightning
import torch
from pictures import Pictures, network, say
from torch import nn
from torch.utils.data import DataLoader


class Classifier(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.network = network()
        self.images = self.evaluated = 0
        self.losses = []

    def training_step(self, batch, _):
        loss = nn.functional.cross_entropy(self.network(batch["pixel_values"]), batch["labels"])
        self.images += len(batch["labels"])
        self.losses.append(loss.item())
        return loss

    def validation_step(self, batch, _):
        self.evaluated += len(batch["labels"])
        self.log(
            "valid", nn.functional.cross_entropy(self.network(batch["pixel_values"]), batch["labels"]), sync_dist=True
        )

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)


parser = argparse.ArgumentParser()
parser.add_argument("--batch-size", type=int, default=8)
parser.add_argument("--workers", type=int, default=0)
parser.add_argument("--epochs", type=int, default=2)
args = parser.parse_args()
ranks = int(os.environ.get("WORLD_SIZE", "1"))
classifier = Classifier()
trainer = lightning.Trainer(
    accelerator="cpu",
    devices=ranks,
    strategy="ddp",
    max_epochs=args.epochs,
    logger=False,
    enable_checkpointing=False,
    enable_progress_bar=False,
    enable_model_summary=False,
)
loaders = [DataLoader(Pictures(count), args.batch_size, num_workers=args.workers) for count in (96, 32)]
try:
    trainer.fit(classifier, *loaders)
finally:
    say(trainer.global_rank, trainer.global_step, classifier.images, classifier.evaluated, classifier.losses)
