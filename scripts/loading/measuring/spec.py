"""What one loading measurement takes from the config."""

from scripts.images.decode import DecodeSpec
from scripts.loading.points import LoadingPoint
from scripts.loading.reading.augmented import LoadAugmentation
from scripts.loading.reading.own import OwnSpec
from scripts.loading.reading.remote import RemoteLimits
from scripts.spec import Spec


class LoadSpec(Spec):
    """Settings of one point."""

    study: str
    seed: int
    point: LoadingPoint
    decode: DecodeSpec
    augment: LoadAugmentation | None  # what is done to each decoded image
    own: OwnSpec | None = None  # of a point that reads by code of the user's
    passes: int
    window_seconds: float
    remote: RemoteLimits | None  # of a point that reads from a server
    lock: str  # digest of requirements.lock

    @property
    def edge(self) -> int:
        """Of what is delivered, pixels."""
        return self.augment.edge(self.decode.size) if self.augment else self.decode.size
