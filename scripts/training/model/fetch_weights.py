"""Torchvision's weights of one name: fetched once, where Snakemake runs, since compute nodes may have no network.

What torch has in its cache (TORCH_HOME) is taken from there. Output: a file of a state_dict.

By hand:
    python -m scripts.training.model.fetch_weights --output weights.pt \
        --spec '{"model": "resnet18", "weights": "IMAGENET1K_V1", "packages": []}'
"""

from pathlib import Path

import torch
import torchvision

from scripts import cli
from scripts.atomic import replacing
from scripts.errors import PassingError, UserError
from scripts.spec import Spec


class WeightsSpec(Spec):
    """What it takes from the config."""

    model: str
    weights: str  # their name
    packages: list[str]  # pins of those that say what the name stands for


def fetch(spec: WeightsSpec) -> dict[str, torch.Tensor]:
    """The weights.

    Raises:
        UserError: the model has none of this name.
        PassingError: they cannot be fetched.
    """
    of_torchvision = spec.model in torchvision.models.list_models()
    known = {one.name: one for one in torchvision.models.get_model_weights(spec.model)} if of_torchvision else {}
    if spec.weights not in known:
        raise UserError(
            f"training.weights: found {spec.weights}; expected of {spec.model} one of {', '.join(known) or 'null'}, or "
            "a file"
        )
    try:
        return dict(known[spec.weights].get_state_dict(progress=False, check_hash=True))
    except (OSError, RuntimeError) as error:  # no network; another file than the name's
        url = known[spec.weights].url
        raise PassingError(
            f"training.weights: {spec.weights} of {spec.model} cannot be fetched from {url}: {error}"
        ) from None


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--spec", type=WeightsSpec.model_validate_json, required=True)
    args = parser.parse_args()
    found = fetch(args.spec)
    with replacing(args.output) as temporary:
        torch.save(found, temporary)


if __name__ == "__main__":
    cli.run(main)
