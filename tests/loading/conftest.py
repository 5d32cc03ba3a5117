"""A small packed study, and launches on it."""

from pathlib import Path

import pytest
from loading_study import Launch, Packed, packed_in


@pytest.fixture(scope="session")
def packed(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Packed:
    """The pictures, all of them training images."""
    return packed_in(tmp_path_factory.mktemp("shards"), pictures)


@pytest.fixture
def launch(packed: Packed) -> Launch:
    """One launch of a backend by name: its record. Further settings are those of its point."""
    return packed.launch
