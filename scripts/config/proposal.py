"""The scaling section of an application for computing time."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from scripts.config.settings import Count, Settings
from scripts.registry import ROOT

CENTRES = ROOT / "config" / "centres"
WRITTEN = (".yaml", ".yml")


class Proposal(Settings):
    """What `snakemake proposal` asks for, and of whom."""

    centre: str = Field(
        "core_hours",
        description="whose unit and form: a name of config/centres (archer2, nhr_goettingen, ...), or the path of a "
        "YAML file of your own that is written alike",
    )
    trainings: Count | None = Field(
        None,
        description="trainings as the measured one that are asked for; null: those of `plan.jobs`, each as planned",
    )
    reserve: Annotated[float, Field(ge=0, le=1)] = Field(
        0.2,
        description="share that is asked for beside them, for trainings that fail or are repeated; the text states it",
    )

    @field_validator("centre")
    @classmethod
    def _is_known(cls, name: str) -> str:
        known = sorted(one.stem for one in CENTRES.glob("*.yaml"))
        if not name.endswith(WRITTEN) and name not in known:
            raise ValueError(f"found {name!r}; expected {', '.join(known)}, or the path of a YAML file of your own")
        return name

    @property
    def centre_file(self) -> Path:
        """Of config/centres, or the user's own."""
        return Path(self.centre) if self.centre.endswith(WRITTEN) else CENTRES / f"{self.centre}.yaml"
