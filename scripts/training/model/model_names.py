"""What names a network that can be trained, found without importing torch: the Snakefile checks it.

`resnet18`: of torchvision. `tiny_cnn`: of our own. `timm:<name>`: of the package timm. `my_models.py:build`: a function
of the user's, which is given the number of classes; a relative path begins at the working directory.
"""

import importlib.util
import re
from functools import cache
from pathlib import Path

from scripts.user_function import check_function

OWN = "tiny_cnn"  # scripts/training/model/tiny_cnn.py
TIMM = "timm:"
# Before each function that torchvision, or timm, offers as a model by name stand this decorator and perhaps others.
_OFFERED = re.compile(r"^@register_model(?:\(\))?\n(?:@.*\n|[ )].*\n)*def (\w+)\(", re.MULTILINE)


@cache
def model_names() -> list[str]:
    """The sorted names of torchvision's classifiers and of our own; ours alone where torchvision is not installed."""
    # Detection, segmentation and the others lie in folders below.
    return sorted({OWN, *_offered("torchvision")})


def known_model(name: str) -> str:
    """Raises ValueError where `name` is no network that can be trained.

    Without torchvision beside Snakemake, as with `--sdm conda` or where workflows are linted, a name is taken as it is.
    """
    if file := file_of(name):
        check_function(file, name.rpartition(":")[2])
    elif importlib.util.find_spec("torchvision") is None:
        return name
    elif name.startswith(TIMM):
        if importlib.util.find_spec("timm") is None:
            raise ValueError(f"{name!r} is of the package timm, which is not installed: pip install timm")
        # Behind a dot stands the name of pretrained weights, which say a little of the network too.
        if name.removeprefix(TIMM).partition(".")[0] not in _offered("timm"):
            raise ValueError(f"{name!r} is no network of the installed timm, which timm.list_models() lists")
    elif name not in model_names():
        raise ValueError(
            f"{name!r} is no classifier of torchvision, as resnet18 or convnext_tiny, and not {OWN}; others are named "
            "timm:<name> or my_models.py:<function>"
        )
    return name


def packages_of(name: str) -> list[str]:
    """Packages that make the network, beside those that make any."""
    return ["timm"] if name.startswith(TIMM) else []


def file_of(name: str) -> str | None:
    """The file of a network that a function of the user's makes; None of any other."""
    path, colon, _ = name.rpartition(":")
    return path if colon and path.endswith(".py") else None


def shown_name(name: str) -> str:
    """The name without the folder of its file: where that stands on this machine is no part of a study."""
    file = file_of(name)
    return name if file is None else f"{Path(file).name}:{name.rpartition(':')[2]}"


@cache
def _offered(package: str) -> frozenset[str]:
    """The networks that the sources of a package offer; none where it is not installed."""
    spec, found = importlib.util.find_spec(package), set[str]()
    if spec is not None and spec.origin is not None:
        for path in Path(spec.origin).parent.joinpath("models").glob("*.py"):
            found.update(_OFFERED.findall(path.read_text(encoding="utf-8")))
    return frozenset(found)
