"""What a network asks for: parameters, operations and memory of an image; before anything is trained.

A batch of two goes forward once, on the CPU. What forward keeps is counted by the storages of the tensors that autograd
saves, weights and buffers apart.

Output: JSON (scripts/training/model/model_facts.py, ModelFacts).

By hand:
    python -m scripts.training.model.describe_model --output facts.json --spec '{"model": "resnet18", \
        "model_digest": null, "classes": 5, "size": 64, "packages": []}'
"""

from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from scripts import cli
from scripts.atomic import write_text
from scripts.errors import UserError, in_one_line
from scripts.spec import Spec
from scripts.training.model.build import build
from scripts.training.model.model_facts import ModelFacts
from scripts.training.model.model_file import add_flag, expected_file

BATCH = 2  # the least that BatchNorm takes
SIZES = (16, 32, 48, 64, 75, 96, 128, 160, 192, 224, 256, 299, 384)  # pixels, that networks are made for


class DescribeSpec(Spec):
    """What it takes from the config."""

    model: str
    model_digest: str | None  # of the user's file that makes it
    classes: int
    size: int  # edge of an image, pixels
    packages: list[str]  # pins of those that the network is made by


def describe(spec: DescribeSpec, file: Path | None = None) -> ModelFacts:
    """The facts; `file` as build() takes it.

    Raises:
        UserError: the network cannot be made, cannot take images of this size, or gives no number for each class.
    """
    network = build(spec.model, spec.classes, None, file).train()
    weights = [*network.parameters(), *network.buffers()]
    own = {weight.untyped_storage().data_ptr() for weight in weights}
    kept: dict[int, torch.Tensor] = {}

    def keep(saved: torch.Tensor) -> torch.Tensor:
        kept[saved.untyped_storage().data_ptr()] = saved  # held, so that no other comes to its place
        return saved

    with FlopCounterMode(display=False) as counter, torch.autograd.graph.saved_tensors_hooks(keep, lambda found: found):
        try:
            output = network(torch.zeros(BATCH, 3, spec.size, spec.size))
        except Exception as error:  # whatever a network does
            raise UserError(_refusal(spec, network, in_one_line(error))) from None
    found = list(output.shape) if isinstance(output, torch.Tensor) else f"a {type(output).__name__}"
    if found != [BATCH, spec.classes]:
        raise UserError(
            f"training.model: {spec.model} gives {found} for {BATCH} images; expected {[BATCH, spec.classes]}, a "
            "number for each class"
        )
    del output
    nbytes = sum(saved.untyped_storage().nbytes() for place, saved in kept.items() if place not in own)
    return ModelFacts(
        model=spec.model,
        size=spec.size,
        parameters=sum(weight.numel() for weight in network.parameters()),
        forward_flops=int(counter.get_total_flops()) // BATCH,
        activation_bytes=nbytes // BATCH,
    )


def _refusal(spec: DescribeSpec, network: torch.nn.Module, error: str) -> str:
    """Why a size is refused, and the nearest that is not."""
    for size in sorted(SIZES, key=lambda size: abs(size - spec.size)):
        try:
            with torch.no_grad():
                network(torch.zeros(BATCH, 3, size, size))
        except Exception:  # whatever a network does
            continue
        return f"images.size: found {spec.size}, which {spec.model} cannot take ({error}); expected {size}, say"
    return f"training.model: {spec.model} cannot take square images of three channels ({error})"


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--spec", type=DescribeSpec.model_validate_json, required=True)
    add_flag(parser)
    args = parser.parse_args()
    file = expected_file(args.model_file, args.spec.model_digest, "the run was planned with; run it again")
    write_text(args.output, describe(args.spec, file).model_dump_json(indent=1) + "\n")


if __name__ == "__main__":
    cli.run(main)
