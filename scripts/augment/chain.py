"""The steps of `training.augment`, in order; scripts/augment/drawn.py has what they make of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from scripts import registry
from scripts.augment.step import STEPS, AugmentStep, MixStep

Listed = Sequence[Mapping[str, Mapping[str, Any]]]  # each `{step: {setting: value}}`
AT_ONCE = 16  # images on a CPU, whose caches hold what the steps make of so many


@dataclass(frozen=True)
class Augmentation:
    """The steps of `training.augment`; none: the images are taken as they are."""

    names: tuple[str, ...]
    steps: tuple[AugmentStep, ...]

    @classmethod
    def of(cls, listed: Listed) -> Self:
        """Raises pydantic's ValidationError where a setting is wrong, KeyError where there is no such step."""
        named = [next(iter(one.items())) for one in listed]
        steps = tuple(registry.load(STEPS, name, "Step")(**settings) for name, settings in named)
        return cls(tuple(name for name, _ in named), steps)

    @property
    def listed(self) -> list[dict[str, dict[str, Any]]]:
        """As in the config, with all settings, so that to write out a default changes nothing."""
        return [{name: step.model_dump(mode="json")} for name, step in zip(self.names, self.steps, strict=True)]

    @property
    def modules(self) -> list[str]:
        """Those of the steps."""
        return [registry.module(STEPS, name) for name in dict.fromkeys(self.names)]

    @property
    def alone(self) -> Self:
        """Without the steps that mix images."""
        kept = [place for place, step in enumerate(self.steps) if not isinstance(step, MixStep)]
        return type(self)(tuple(self.names[place] for place in kept), tuple(self.steps[place] for place in kept))

    @property
    def mixes(self) -> bool:
        """Whether images have partners, and labels shares."""
        return any(isinstance(step, MixStep) for step in self.steps)

    def edge(self, packed: int) -> int:
        """The edge of what the network sees, of images with the edge `packed`; pixels.

        Raises:
            ValueError: a step cannot make its images of such.
        """
        for name, step in zip(self.names, self.steps, strict=True):
            try:
                packed = step.edge(packed)
            except ValueError as error:
                raise ValueError(f"{name}.{error}") from None
        return packed
