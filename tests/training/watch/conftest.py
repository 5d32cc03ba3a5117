"""How a test starts a script that is watched."""

from functools import partial
from pathlib import Path

import pytest
import started


@pytest.fixture
def watched(tmp_path: Path) -> started.Watched:
    """Start a script of examples/, with what is seen of it in a folder of its own."""
    return partial(started.start, tmp_path / "seen")
