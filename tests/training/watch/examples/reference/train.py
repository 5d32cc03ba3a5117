"""A training script of the shape of torchvision's reference for classification."""

import argparse
import json
import os

import hooks
import torch
from metric_logger import MetricLogger
from torch import nn
from torch.utils.data import DataLoader, RandomSampler, SequentialSampler, TensorDataset
from torch.utils.data.distributed import DistributedSampler

TOLD = {"steps": 0, "images": [], "loss": [], "evaluated": 0, "hooks": hooks.WHOSE}


def train_one_epoch(model, criterion, optimizer, data_loader, epoch, args, scaler):
    model.train()
    logger = MetricLogger()
    images = 0
    for number, (image, target) in enumerate(logger.log_every(data_loader, args.print_freq, f"Epoch: [{epoch}]")):
        if number == args.overflow_at:
            image.fill_(float("inf"))
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=scaler is not None):
            loss = criterion(model(image), target)
        images += len(target)
        logger.update(loss=loss.item())
        scaled = loss if scaler is None else scaler.scale(loss)
        scaled.backward()
        if (number + 1) % args.accumulate:
            continue
        TOLD["steps"] += 1
        TOLD["images"].append(images)
        TOLD["loss"].append(sum(logger.meters["loss"][-args.accumulate :]) / args.accumulate)
        images = 0
        if scaler is None:
            optimizer.step()
        else:
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
        optimizer.zero_grad()


def evaluate(model, criterion, data_loader, args):
    model.eval()
    with torch.set_grad_enabled(args.grad_in_evaluation):
        for image, target in data_loader:
            criterion(model(image), target)
            TOLD["evaluated"] += len(target)


def main(args):
    distributed = int(os.environ.get("WORLD_SIZE", "1")) > 1
    if distributed:
        torch.distributed.init_process_group("gloo", init_method="env://")
    torch.manual_seed(0)
    dataset = TensorDataset(torch.rand(args.pictures, 3, 8, 8), torch.randint(0, 5, (args.pictures,)))
    dataset_test = TensorDataset(torch.rand(20, 3, 8, 8), torch.randint(0, 5, (20,)))
    sampler = DistributedSampler(dataset) if distributed else RandomSampler(dataset)
    loader = DataLoader(dataset, args.batch_size, sampler=sampler, num_workers=args.workers)
    loader_test = DataLoader(dataset_test, 8, sampler=SequentialSampler(dataset_test), num_workers=args.workers)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5))
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    scaler = torch.amp.GradScaler("cpu") if args.amp else None
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1)
    wrapped = nn.parallel.DistributedDataParallel(model) if distributed else model
    if args.test_only:
        evaluate(wrapped, criterion, loader_test, args)
    else:
        for epoch in range(args.epochs):
            train_one_epoch(wrapped, criterion, optimizer, loader, epoch, args, scaler)
            scheduler.step()
            evaluate(wrapped, criterion, loader_test, args)
    print(json.dumps(TOLD))
    if distributed:
        torch.distributed.destroy_process_group()


def get_args_parser():
    parser = argparse.ArgumentParser(description="PyTorch Classification Training")
    parser.add_argument("-b", "--batch-size", default=8, type=int)
    parser.add_argument("-j", "--workers", default=0, type=int)
    parser.add_argument("--pictures", default=48, type=int)
    parser.add_argument("--epochs", default=2, type=int)
    parser.add_argument("--accumulate", default=1, type=int)
    parser.add_argument("--print-freq", default=10, type=int)
    parser.add_argument("--overflow-at", type=int)
    parser.add_argument("--amp", action="store_true")
    parser.add_argument("--test-only", action="store_true")
    parser.add_argument("--grad-in-evaluation", action="store_true")
    return parser


if __name__ == "__main__":
    main(get_args_parser().parse_args())
