"""How a test starts a script that is watched."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import started

Watched = Callable[..., started.Launch]


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """Start a script of examples/, with what is seen of it in a folder of its own."""
    return partial(started.start, tmp_path / "seen")
