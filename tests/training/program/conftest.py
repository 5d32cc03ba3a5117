from pathlib import Path

import pytest
from measured import Measure, measured


@pytest.fixture
def measure(tmp_path: Path) -> Measure:
    return lambda *args, **settings: measured(tmp_path, *args, **settings)
