"""Pictures to work on and checkouts to run in."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from scripts import record
from scripts.config import Study
from scripts.images import pack_shard
from scripts.images.decode import Decoder
from scripts.images.header import Limits
from scripts.images.source import Entry

ROOT = Path(__file__).resolve().parent.parent
LIMITS = Limits.model_validate(Study().images.limits.model_dump())  # as a study has them by default
Train = Callable[..., record.Record]  # the fixture `train` of training/
Command = Callable[..., list[str]]  # the fixture `train_command` of training/
Run = Callable[..., "subprocess.CompletedProcess[str]"]  # the fixture `run`


def write_jpeg(path: Path, seed: int, size: int = 96) -> None:
    """A JPEG with structure at several scales, so that two of them have different pixels at any size."""
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(rng.integers(0, 256, (6, 6, 3), np.uint8), (size, size), interpolation=cv2.INTER_CUBIC)
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), coarse)


def pack(
    folder: Path, shard: int, listed: list[Entry], decoder: Decoder, limits: Limits
) -> tuple[np.ndarray, pd.DataFrame]:
    """The pixels of a shard and its table."""
    pixels: list[np.ndarray] = []
    table = pack_shard.pack(folder, shard, listed, decoder, limits, keep=pixels.append)
    size = decoder.spec.size
    return np.reshape(pixels, (-1, size, size, 3)).astype(np.uint8), table


def copy_checkout(folder: Path) -> Path:
    """What a clone holds and a run needs."""
    for name in ("scripts", "workflow", "config", "profiles", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Snakefile", "requirements.lock"):
        shutil.copy2(ROOT / name, folder / name)
    for name in ("local", "slurm"):
        (folder / name).symlink_to(f"profiles/{name}")
    return folder
