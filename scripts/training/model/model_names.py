"""The names of the networks that can be trained, found without importing torch: the Snakefile checks them."""

import importlib.util
import re
from functools import cache
from pathlib import Path

OWN = "tiny_cnn"  # scripts/training/model/tiny_cnn.py
# Before each function that torchvision offers as a model by name stand this decorator and perhaps others.
_OFFERED = re.compile(r"^@register_model\(\)\n(?:@.*\n|[ )].*\n)*def (\w+)\(", re.MULTILINE)


@cache
def model_names() -> list[str]:
    """The sorted names of torchvision's classifiers and of our own; ours alone where torchvision is not installed."""
    spec = importlib.util.find_spec("torchvision")
    found = {OWN}
    if spec is not None and spec.origin is not None:
        # Detection, segmentation and the others lie in folders below.
        for path in Path(spec.origin).parent.joinpath("models").glob("*.py"):
            found.update(_OFFERED.findall(path.read_text(encoding="utf-8")))
    return sorted(found)


def known_model(name: str) -> str:
    """Raises ValueError where `name` is no network that can be trained.

    Without torchvision beside Snakemake, as with `--sdm conda` or where workflows are linted, a name is taken as it is.
    """
    if name not in model_names() and importlib.util.find_spec("torchvision") is not None:
        raise ValueError(f"{name!r} is no classifier of torchvision, as resnet18 or convnext_tiny, and not {OWN}")
    return name
