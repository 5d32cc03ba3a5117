"""What does the trained network see in each image? The input of its last layer, for every image of one packed shard.

Inputs: `model.pt` (model/trained.py), a shard. Output: `<nnnn>.npy`, float32 (images, features), a row for
each row of the shard, readable with `np.load(mmap_mode='r')`.

By hand:
    python -m scripts.training.use.extract_features --model model.pt --pixels 0000.npy --features features.npy \
        --spec '{"device": "cpu", "batch": 256}'
"""

from pathlib import Path

import numpy as np
import torch

from scripts import cli
from scripts.atomic import replacing
from scripts.errors import UserError
from scripts.spec import Spec
from scripts.training.model.model_file import add_flag
from scripts.training.model.trained import TrainedNetwork, device_of
from scripts.training.points import Device


class FeaturesSpec(Spec):
    """What it takes from the config."""

    device: Device
    batch: int  # images of one forward pass


def last_layer(network: torch.nn.Module) -> torch.nn.Linear:
    """The classifier's last layer.

    Raises:
        UserError: it is no linear one.
    """
    layers = [module for module in network.modules() if not list(module.children())]
    for layer in reversed(layers):
        if isinstance(layer, torch.nn.Linear):
            return layer
        if list(layer.parameters()):
            break
    raise UserError(f"{type(network).__name__} ends in no linear layer, whose input would be the features")


@torch.inference_mode()
def extract(trained: TrainedNetwork, pixels: np.ndarray, spec: FeaturesSpec, file: Path | None = None) -> np.ndarray:
    """float32 (n, features) of uint8 images (n, size, size, 3)."""
    device = device_of(spec.device)
    network = trained.network(device, file)
    layer, seen = last_layer(network), list[torch.Tensor]()
    layer.register_forward_pre_hook(lambda _, given: seen.append(given[0].float().cpu()))
    starts = range(0, len(pixels), spec.batch)
    for start in cli.progress(starts, len(starts), "features"):
        network(trained.normalised(np.array(pixels[start : start + spec.batch]), device))
    return torch.cat(seen).numpy() if seen else np.empty((0, layer.in_features), np.float32)


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--device", choices=["cpu", "cuda"], help="of the study; left out: of this machine")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--pixels", type=Path, required=True, help="a packed shard")
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--spec", type=FeaturesSpec.model_validate_json, required=True)
    add_flag(parser)
    args = parser.parse_args()
    spec = args.spec.model_copy(update={"device": args.device or args.spec.device})
    found = extract(TrainedNetwork.read(args.model), np.load(args.pixels, mmap_mode="r"), spec, args.model_file)
    with replacing(args.features) as temporary, temporary.open("wb") as file:
        np.save(file, found)


if __name__ == "__main__":
    cli.run(main)
