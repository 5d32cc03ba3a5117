"""A program's command and variables, its lines, and what is said of one that cannot be started."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from helping import ROOT
from measured import spec_of

from scripts import config
from scripts.config.program import Program
from scripts.errors import ConfigError, UserError
from scripts.training.program.command import placeholders, surroundings
from scripts.training.program.events import Event, Printed, of_file
from scripts.training.program.placeholders import words
from scripts.training.program.program_files import check_interpreter, digest_of, files_of


def test_placeholders_are_filled_in_word_by_word(tmp_path: Path) -> None:
    command = (
        "train.py --b {batch_per_rank} --all={global_batch} -n '{workers} of {workers}' --out {out} {seed} {block}"
    )
    spec = spec_of(command=command, workers=2, global_batch=16)
    values = placeholders(spec, block=3, seed=7, out=tmp_path / "a b")
    expected = ["train.py", "--b", "8", "--all=16", "-n", "2 of 2", "--out", str(tmp_path / "a b"), "7", "3"]
    assert words(spec.command, values) == expected


def test_a_program_finds_its_own_environment_not_scalecards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), "/home/me/lib"]))
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    monkeypatch.setenv("SCALECARD_SET_ASIDE_OMP_PROC_BIND", "true")
    spec = spec_of(command="train.py", threads=[3], environment={"LOADERS": "{loader_workers}"})
    found = surroundings(spec, placeholders(spec, 1, 0, Path("/out")))
    assert found["PYTHONPATH"] == "/home/me/lib"
    assert not {"PYTHONSAFEPATH", "SCALECARD_SET_ASIDE_OMP_PROC_BIND"} & found.keys()
    assert (found["OMP_NUM_THREADS"], found["LOADERS"]) == ("3", "0")


@pytest.mark.parametrize(
    ("program", "training", "said"),
    [
        ({"command": "train.py {batch}"}, {}, "training.program: found {batch}; expected one of workers, threads, "),
        ({"command": "torchrun train.py"}, {}, "program.command: begins with torchrun; expected the script itself"),
        ({"command": "train.py 'a"}, {}, "whose words cannot be told apart (No closing quotation)"),
        ({"command": "-m"}, {}, "found -m alone; expected a module behind it"),
        ({"command": "train.py"}, {}, "uses neither {batch_per_rank} nor {global_batch}, so a rank's batch stays"),
        ({"command": "train.py"}, {"scaling": "weak", "loader_workers": [0, 2]}, "uses no {loader_workers}; found"),
        ({"command": "train.py"}, {"scaling": "weak", "precision": "bf16"}, "uses no {precision}; found"),
        ({"command": "train.py", "launcher": "none"}, {"scaling": "weak"}, "uses no {workers}, and with launcher none"),
        (
            {"command": "train.py {global_batch}"},
            {"workers": [3]},
            "global_batch 32 cannot be shared equally by 3 workers",
        ),
        ({"command": "a.py", "events": {"pattern": "x"}}, {}, "found 'x'; expected a group (?P<images>...) or"),
        ({"command": "a.py", "events": {"pattern": "("}}, {}, "found '(', no regular expression"),
        ({"command": "a.py", "events": {"file": "x", "pattern": "(?P<images>x)"}}, {}, "found both file and pattern"),
        ({"command": "a.py", "events": {"file": "x"}}, {}, "events.file: lies in the launch's own folder"),
        ({"command": "a.py", "stop_after": {"seconds": 0}}, {}, "stop_after.seconds: found 0; input should be greater"),
    ],
)
def test_a_command_that_cannot_be_measured_is_said_at_once(
    program: dict[str, Any], training: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError) as error:
        config.read({"training": {"program": program} | training})
    assert said in str(error.value)


def test_the_point_of_the_fewest_cores_is_the_baseline_where_none_is_named() -> None:
    settings = {"program": {"command": "my-train.v2.py {batch_per_rank}"}, "workers": [4, 2], "threads": [2, 1]}
    study = config.read({"training": settings})
    assert study.scaling.baseline == "program-2"
    assert list(study.training.points()) == [f"my_train_v2-program-{n}" for n in ("4x2", "2x2", "4", "2")]
    named = config.read({"training": settings, "scaling": {"baseline": "program-4"}})
    assert named.scaling.baseline == "program-4"


def program(folder: Path, **settings: Any) -> Program:
    return Program(folder=str(folder), **({"command": "train.py"} | settings))


def test_files_are_the_script_and_what_the_patterns_find(tmp_path: Path) -> None:
    for name in ("train.py", "models.py", "notes.txt", "conf/a.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    assert files_of(program(tmp_path)) == [tmp_path / "train.py", tmp_path / "models.py"]
    assert files_of(program(tmp_path, files=["conf/*"])) == [tmp_path / "train.py", tmp_path / "conf/a.yaml"]
    assert files_of(program(tmp_path, command="-m models")) == [tmp_path / "models.py", tmp_path / "train.py"]
    assert files_of(program(tmp_path, command="-m timm.train", files=[])) == []
    before = digest_of(files_of(program(tmp_path)))
    (tmp_path / "models.py").write_text("other")
    assert digest_of(files_of(program(tmp_path))) != before


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"command": "no_such.py"}, "training.program.command: found no file "),
        ({"folder": "/no/such"}, "training.program.folder: found no folder /no/such"),
        ({"python": "/no/python"}, "training.program.python: found no interpreter /no/python"),
        ({"files": ["*.toml"]}, "training.program.files: found no file "),
    ],
)
def test_what_is_not_there_is_named(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    (tmp_path / "train.py").touch()
    with pytest.raises(UserError, match=said):
        files_of(program(tmp_path).model_copy(update=settings))


def test_an_interpreter_is_asked_for_its_version(tmp_path: Path) -> None:
    check_interpreter(Path(sys.executable))
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\necho 3 8\n")
    old.chmod(0o755)
    with pytest.raises(UserError, match=r"found Python 3\.8; expected 3\.9 or later"):
        check_interpreter(old)
    with pytest.raises(UserError, match="cannot be started"):
        check_interpreter(tmp_path)


def test_lines_are_counted_once_whole_and_rates_by_the_time_between(tmp_path: Path) -> None:
    out, err = tmp_path / "out", tmp_path / "err"
    printed = Printed(out, err, r"(?P<images>[\d,]+) images(, loss (?P<loss>\S+))?", began=0.0)
    printed.read()
    out.write_text("start\n1,024 images, loss 0.5\n512 image")
    err.write_text("8 images, loss nan\n")
    printed.read()
    assert [event[1:] for event in printed.found] == [(1024.0, 0.5), (8.0, None)]
    with out.open("a") as file:
        file.write("s\n")
    printed.read()
    printed.read()
    assert [event.images for event in printed.found] == [1024.0, 8.0, 512.0]
    rates = Printed(out, err, r"(?P<images_per_second>\d+) images", began=0.0)
    rates.read()
    first = rates.found[0]
    assert first.images == pytest.approx(24 * first.seconds)  # '1,024': the digits behind the comma


def test_a_file_of_events_is_read_or_its_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"time": 1.5, "images": 8, "loss": 2}\n{"time": 2, "images": 8}\n')
    assert of_file(path) == [Event(1.5, 8.0, 2), Event(2.0, 8.0, None)]
    path.write_text('{"time": 1.5}\n')
    with pytest.raises(UserError, match=r"events\.jsonl, line 1: found '\{\"time\": 1\.5\}'; expected \{\"time\""):
        of_file(path)
    with pytest.raises(UserError, match="No such file"):
        of_file(tmp_path / "none")
