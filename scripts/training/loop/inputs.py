"""What a rank reads beside its spec; training and profile take the same flags."""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.images.shards import digests
from scripts.training.model.model_file import add_flag, expected_file
from scripts.user_function import file_digest


@dataclass(frozen=True)
class Inputs:
    """The images, how they are split and normalised, and what a training starts from."""

    shards: Path
    split: Path
    stats: Path
    facts: Path  # of the network
    weights: Path | None
    model_file: Path | None  # the user's, that makes the network
    costs: Path | None  # of the pieces of the network, for a strategy that cuts it
    raw: Path | None  # folder of the raw files, of a point that they feed
    decode: dict[str, Any] | None  # how they become pixels

    @staticmethod
    def add_flags(parser: argparse.ArgumentParser) -> None:
        """The flags that `of` reads."""
        parser.add_argument("--shards", type=Path, required=True)
        parser.add_argument("--split", type=Path, required=True)
        parser.add_argument("--stats", type=Path, required=True)
        parser.add_argument(
            "--facts", type=Path, required=True, help="of the network (scripts/training/model/model_facts.py)"
        )
        add_flag(parser)
        parser.add_argument("--weights", type=Path, nargs="?", help="state_dict to start from; may be left empty")
        parser.add_argument(
            "--costs", type=Path, nargs="?", help="of the network's pieces, for a strategy that cuts it"
        )
        parser.add_argument("--raw", type=Path, nargs="?", help="folder of the raw files, of a point that they feed")
        parser.add_argument("--decode", type=json.loads, nargs="?", help="JSON: how files become pixels")

    @classmethod
    def of(cls, args: argparse.Namespace) -> "Inputs":
        """From the flags of a program.

        Raises:
            UserError: the file of the network is not that of the spec.
        """
        file = expected_file(args.model_file, args.spec.model_digest, "the run was planned with; run it again")
        return cls(
            args.shards, args.split, args.stats, args.facts, args.weights, file, args.costs, args.raw, args.decode
        )

    @property
    def digests(self) -> tuple[str, str, str, str | None]:
        """What tells the images, their split, their statistics and the initial weights from others."""
        weights = file_digest(self.weights) if self.weights else None
        return (*digests(self.split), self.stats.read_text(), weights)
