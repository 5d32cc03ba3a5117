"""The rooms of the report stage: imports fall, and make no circle."""

import ast
from pathlib import Path

import pytest

from scripts.registry import ROOT

REPORT = ROOT / "scripts/report"
FULL = 15  # files
# Of each room, those that it may take from.
BELOW = {
    "words": set(),
    "figures": {"words"},
    "pictures": {"words", "figures"},
    "page": {"words", "figures"},
    "terminal": {"words"},
    "paper": {"words"},
    "proposal": {"words", "figures"},
}


def test_each_program_stands_in_a_room() -> None:
    rooms = {path.name for path in REPORT.iterdir() if path.is_dir() and path.name != "__pycache__"}

    assert rooms == set(BELOW)
    assert [path.name for path in REPORT.glob("*.*") if path.suffix != ".pyc"] == ["__init__.py"]


def test_no_drawer_is_too_full() -> None:
    folders = [path for path in REPORT.rglob("*") if path.is_dir() and path.name != "__pycache__"]

    assert len(folders) > len(BELOW)
    assert {path.name: count for path in folders if (count := len(list(path.glob("*.*")))) > FULL} == {}


@pytest.mark.parametrize("room", BELOW)
def test_imports_between_rooms_fall(room: str) -> None:
    assert rooms_named_by(REPORT / room) <= BELOW[room]


def rooms_named_by(folder: Path) -> set[str]:
    """The other rooms of the report that modules of `folder` import from."""
    nodes = [node for path in folder.rglob("*.py") for node in ast.walk(ast.parse(path.read_text()))]
    modules = [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {name.split(".")[2] for name in modules if name.startswith("scripts.report.")} - {folder.name}
