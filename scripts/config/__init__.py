"""Every setting of a study: its default, unit, range and meaning. The one source of truth, one module a stage.

From these models come the JSON schema in workflow/schemas/, the reference table in config/README.md and the check
at start (`python -m scripts.document` writes the first two). A user's mistake becomes one `ConfigError` that names
each key's path, what was found and what is allowed. Importing this is cheap: no torch, cv2 or pandas.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from scripts.config.images import Images
from scripts.config.loading import Loading
from scripts.config.measuring import Measuring
from scripts.config.plan import Plan
from scripts.config.proposal import Proposal
from scripts.config.scaling import Scaling
from scripts.config.settings import Settings
from scripts.config.training import Training
from scripts.errors import ConfigError


class Study(Settings):
    """One study: a config file and everything made from it, under results/<study>/."""

    study: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")] = Field(
        "demo", description="name of the study and of its results folder; null: the image folder's name"
    )
    seed: Annotated[int, Field(ge=0, lt=2**31)] = Field(0, description="seed of drawing, splits, order and weights")
    measuring: Measuring = Measuring()
    images: Images = Images()
    loading: Loading = Loading()
    training: Training = Training()
    scaling: Scaling = Scaling()
    plan: Plan = Plan()
    proposal: Proposal = Proposal()

    @model_validator(mode="before")
    @classmethod
    def _name_after_folder(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and raw.get("study", "") is None:
            images = raw.get("images")
            sources = [images.get(key) for key in ("folder", "manifest")] if isinstance(images, dict) else []
            source = next((source for source in sources if isinstance(source, str)), None)
            if source is None:
                raise ValueError("study is null, which takes the name of images.folder, and that is null too")
            name = Path(source).resolve().name.removesuffix(".csv")
            return {**raw, "study": re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_.-") or "study"}
        return raw

    @model_validator(mode="before")
    @classmethod
    def _program_is_its_own_baseline(cls, raw: Any) -> Any:
        """Where the baseline is left as it is, serial-1, it is the point of a program that takes the fewest cores."""
        if not isinstance(raw, dict) or not isinstance(raw.get("training"), dict) or not raw["training"].get("program"):
            return raw
        scaling = raw.get("scaling") or {}
        if not isinstance(scaling, dict) or scaling.get("baseline", "serial-1") != "serial-1":
            return raw
        try:
            points = Training.model_validate(raw["training"]).points().values()
        except ValidationError:  # which is said where it is checked
            return raw
        return {**raw, "scaling": {**scaling, "baseline": min(points, key=lambda point: point.cores).sweep}}

    @model_validator(mode="after")
    def _passes_have_a_budget_of_their_own(self) -> Self:
        if self.scaling.adaptive.passes and self.measuring.budget_minutes is not None:
            raise ValueError(
                f"measuring.budget_minutes: found {self.measuring.budget_minutes:g} beside scaling.adaptive.passes; "
                "expected scaling.adaptive.core_hours or minutes, which end passes"
            )
        return self

    @model_validator(mode="after")
    def _images_are_large_enough(self) -> Self:
        try:
            self.training.augmentation.edge(self.images.size)
        except ValueError as error:
            raise ValueError(f"training.augment: {error}, which is images.size") from None
        return self

    @model_validator(mode="after")
    def _there_is_what_loading_augments(self) -> Self:
        if self.loading.augment and not self.training.augmentation.alone.steps:
            raise ValueError("loading.augment: found true beside no step of training.augment that takes one image")
        return self

    @property
    def edge(self) -> int:
        """Of what the network sees, pixels."""
        return self.training.augmentation.edge(self.images.size)

    @model_validator(mode="after")
    def _baseline_is_a_point(self) -> Self:
        points = [point.sweep for point in self.training.points().values()]
        if self.scaling.baseline not in points:
            allowed = ", ".join(dict.fromkeys(points))
            raise ValueError(f"scaling.baseline: found {self.scaling.baseline!r}; expected one of {allowed}")
        return self


def read(raw: Mapping[str, Any]) -> Study:
    """The checked study of a merged config.

    Raises:
        ConfigError: a line for each wrong key: its path, what was found, what is allowed.
    """
    try:
        return Study.model_validate(dict(raw))
    except ValidationError as error:
        raise ConfigError("\n".join(f"config: {_explain(dict(found))}" for found in error.errors())) from None


def _explain(error: dict[str, Any]) -> str:
    path = ""
    for part in error["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    if error["type"] == "extra_forbidden":
        return f"{path}: unknown key; config/README.md lists those there are"
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{path}: {message}" if path else message
    # YAML takes 2023_05 for 202305 and 001 for 1: what was written is gone.
    quote = '; in quotes, "2023_05", it is text' if error["type"] == "string_type" else ""
    return f"{path}: found {error['input']!r}; {message[0].lower()}{message[1:]}{quote}"
