"""A training by Hugging Face's Trainer."""

import argparse
import tempfile

from pictures import Pictures, network, say
from torch import nn
from transformers import Trainer, TrainingArguments


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = network()
        self.images = self.evaluated = 0
        self.losses = []

    def forward(self, pixel_values, labels):
        logits = self.network(pixel_values)
        loss = nn.functional.cross_entropy(logits, labels)
        if self.training:
            self.images += len(labels)
            self.losses.append(loss.item())
        else:
            self.evaluated += len(labels)
        return {"loss": loss, "logits": logits}


parser = argparse.ArgumentParser()
parser.add_argument("--batch-size", type=int, default=8)
parser.add_argument("--workers", type=int, default=0)
parser.add_argument("--epochs", type=int, default=2)
args = parser.parse_args()
classifier = Classifier()
with tempfile.TemporaryDirectory() as folder:
    trainer = Trainer(
        model=classifier,
        args=TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=args.batch_size,
            per_device_eval_batch_size=args.batch_size,
            num_train_epochs=args.epochs,
            dataloader_num_workers=args.workers,
            eval_strategy="epoch",
            save_strategy="no",
            report_to=[],
            use_cpu=True,
            disable_tqdm=True,
        ),
        train_dataset=Pictures(96),
        eval_dataset=Pictures(32),
    )
    try:
        trainer.train()
    finally:
        told = (classifier.images, classifier.evaluated, classifier.losses)
        say(trainer.args.process_index, trainer.state.global_step, *told)
