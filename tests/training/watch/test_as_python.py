"""A watched script finds what it would find without being watched."""

import ast
import json
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest
from started import WRAPPER, Watched, command, read_ranks, surroundings

from scripts.training.program.watched import read_ranks as read_reports

FOREIGN = [WRAPPER, WRAPPER.with_name("scalecard_probe.py"), *(WRAPPER.parent / "scalecard_watch").glob("*.py")]
LOOK = """
import __main__, json, sys
def annotated(number: int): pass
print(json.dumps({
    "argv": sys.argv, "path": sys.path, "name": __name__, "main": __main__.__dict__ is globals(), "file": __file__,
    "names": sorted(name for name in globals() if name not in ("__main__", "__annotations__", "json", "sys")),
    "torch": "torch" in sys.modules, "package": __package__, "annotations": str(annotated.__annotations__),
    "modules": sorted(sys.modules),
}))
"""


@pytest.fixture
def look(tmp_path: Path) -> Path:
    """A script that says what it finds."""
    script = tmp_path / "at home" / "look.py"
    script.parent.mkdir()
    script.write_text(LOOK)
    return script


@pytest.mark.parametrize("words", [["at home/look.py", "-a", "b c"], ["-m", "look", "--", "-m"]])
def test_a_script_or_module_is_run_as_python_runs_it(tmp_path: Path, look: Path, words: list[str]) -> None:
    cwd = tmp_path if words[0] != "-m" else look.parent
    wrapped = command(tmp_path / "seen", *words)
    plain = [sys.executable, *words]
    if words[0] != "-m":
        wrapped[wrapped.index("--") + 1] = words[0]  # a relative path stays one
    found, expected = (
        json.loads(subprocess.run(one, cwd=cwd, env=surroundings(), capture_output=True, check=True).stdout)
        for one in (wrapped, plain)
    )
    assert found.pop("path") == [*expected.pop("path"), str(WRAPPER.parent)]  # for scalecard_probe
    new = set(found.pop("modules")) - set(expected.pop("modules"))
    assert {name for name in new if name.startswith("scalecard")} == {
        name for name in new if name.partition(".")[0] == "scalecard_watch"
    }
    assert not {"torch", "numpy", "multiprocessing", "pathlib", "logging"} & new
    assert found == expected


def test_a_script_that_is_not_there_is_said_in_a_line(watched: Watched) -> None:
    launch = watched("none.py")
    assert launch.codes == [2]
    assert launch.said[0].endswith("none.py': No such file or directory\n")
    assert len(launch.said[0].splitlines()) == 1


def test_a_wrong_command_line_is_said_in_a_line() -> None:
    run = subprocess.run([sys.executable, str(WRAPPER), "--out"], capture_output=True, text=True, check=False)
    assert (run.returncode, len(run.stderr.splitlines())) == (1, 1)
    assert "expected run_watched.py --out FOLDER" in run.stderr


@pytest.mark.parametrize("path", FOREIGN, ids=lambda path: path.name)
def test_an_old_interpreter_can_read_what_it_is_to_run(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and not node.level)
    }
    assert imported <= sys.stdlib_module_names
    if any(isinstance(node, ast.FunctionDef) for node in ast.walk(tree)):
        assert any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)


PROBED = "from scalecard_probe import probe\nfor n in range(1, 4): probe.step(n, loss=0.5 / n)\nprint('trained')"


@pytest.mark.parametrize("in_study", [True, False])
def test_the_probe_alone_tells_of_steps_in_a_study_and_does_nothing_outside(tmp_path: Path, in_study: bool) -> None:
    environment = surroundings(rank=1, ranks=2) | {"PYTHONPATH": str(WRAPPER.parent)}
    if in_study:
        environment["SCALECARD_EVENTS"] = str(tmp_path / "seen")
    subprocess.run([sys.executable, "-c", PROBED], env=environment, cwd=tmp_path, check=True)
    seen = read_ranks(tmp_path / "seen")
    assert [path.name for path in tmp_path.iterdir()] == (["seen"] if in_study else [])
    if in_study:
        assert seen[1]["columns"]["images"] == [1, 2, 3]
        assert seen[1]["columns"]["loss"] == [0.5, 0.25, 0.5 / 3]
        assert (seen[1]["steps"], seen[1]["world_size"], seen[1]["stopped"]) == (3, 2, "script")


def test_the_probe_alone_writes_the_fields_that_a_watch_writes(tmp_path: Path) -> None:
    """Both write all that the launch's record asks for."""
    for name, words in (("alone", [sys.executable]), ("watched", command(tmp_path / "watched", "-m", "x")[:-2])):
        script = tmp_path / "probed.py"
        script.write_text(PROBED)
        environment = surroundings() | {"PYTHONPATH": str(WRAPPER.parent), "SCALECARD_EVENTS": str(tmp_path / name)}
        subprocess.run([*words, str(script)], env=environment, check=True)
    alone, watched = (read_ranks(tmp_path / name)[0] for name in ("alone", "watched"))
    assert alone.keys() == watched.keys()
    assert alone["columns"]["images"] == watched["columns"]["images"] == [1, 2, 3]
    reports = [read_reports(tmp_path / name) for name in ("alone", "watched")]
    assert [report.steps for report, _ in chain(*reports)] == [3, 3]
