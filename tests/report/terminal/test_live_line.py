"""A real run as it is read: on a terminal, and where there is none."""

import fcntl
import logging
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from types import SimpleNamespace

import pytest
from helping import ROOT, Run
from quirks import lasting, training_record
from snakemake.settings.enums import Quietness
from snakemake.settings.types import OutputSettings

from scripts import record
from scripts.record import SetAside, Validity
from scripts.report.terminal.estimate import Work
from scripts.report.terminal.live_line import SNAKEMAKES, RunHandler, job_of, show_run

SNAKEFILE = f"""
import sys
from types import SimpleNamespace

sys.path.insert(0, {str(ROOT)!r})


onstart:
    from scripts.report.terminal.live_line import show_run

    blocks, workers = SimpleNamespace(blocks=3), SimpleNamespace(workers=4)
    study = SimpleNamespace(study="quirks", loading=blocks, training=blocks)
    show_run(workflow, study, {{"loading": {{}}, "training": {{"resnet18-ddp-4": workers}}}})


onsuccess:
    print("The answer")


rule all:
    default_target: True
    input:
        expand("results/quirks/training/records/resnet18-ddp-4/b{{block}}.json", block=[1, 2, 3]),


rule pack:
    output:
        "packed.txt",
    shell:
        "touch {{output}}"


rule train:
    input:
        "packed.txt",
    output:
        record="results/{{study}}/training/records/{{point}}/b{{block}}.json",
    log:
        "logs/{{study}}_{{point}}_{{block}}.log",
    priority: lambda wildcards: -int(wildcards.block)
    shell:
        "echo the end of a log > {{log}}; cp made_b{{wildcards.block}}.json {{output.record}}"
"""
SNAKEMAKE = ("snakemake", "--cores", "1", "--show-failed-logs", "--quiet", "host")
NAME = "resnet18-ddp-4 (training, block {} of 3)"
WRONG = f"2 of 3: {NAME.format(2)} does not count: nodes: expected 1, found 2"
ASIDE = SetAside(seconds=20.0, reason="disturbed: other processes used 1.25 cores")
CHATTER = ("Select jobs", "Execute 1 jobs", "rule train", "Finished jobid", "steps (")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A folder whose run measures three times: once calmly, then what does not count, then again what was disturbed."""
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    for block in (1, 2, 3):
        one = lasting(training_record("resnet18-ddp-4", block), 20.0, images=1100)
        validity = Validity.of({"nodes": (1, 2 if block == 2 else 1)})
        aside = [ASIDE] if block == 3 else []
        record.write(
            one.model_copy(update={"validity": validity, "set_aside": aside}), tmp_path / f"made_b{block}.json"
        )
    return tmp_path


def on_terminal(folder: Path, *command: str, columns: int = 100) -> tuple[str, str]:
    """What a command writes to a terminal, and to a pipe in place of stdout."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        command, cwd=folder, env=environment | {"PATH": path, "TERM": "xterm"}, stderr=theirs, stdout=subprocess.PIPE
    )
    os.close(theirs)
    read = b""
    while True:
        try:
            read += os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
    os.close(ours)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0, read.decode()
    return read.decode(), printed.decode()


def screen(written: str) -> list[str]:
    """The lines that stand on a terminal after `written`, of the little that is understood here."""
    lines, row = [""], 0
    for part in re.findall(r"\x1b\[[?\d;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", written):
        if part == "\n":
            row += 1
            lines += [""] * (row == len(lines))
        elif part.startswith("\x1b") and part.endswith("A"):
            row -= int(part[2:-1] or 1)
        elif part == "\x1b[2K":
            lines[row] = ""
        elif not part.startswith("\x1b") and part != "\r":
            lines[row] += part
    return lines


def test_on_a_terminal_two_lines_follow_the_run_and_leave_what_matters(study: Path) -> None:
    written, printed = on_terminal(study, *SNAKEMAKE, columns=60)
    first, second = (written.index(f"measuring {NAME.format(block)} since ") for block in (1, 2))
    assert re.match(r".* since \d\d:…\x1b", written[first:])  # cut at the width
    assert "0 of 3 measured" in written[first:second]
    assert "1 of 3 measured · ends about " in written[second:]
    assert "2 of 3 measured · 1 did not count (1 nodes) · ends" in written[second:]
    left = screen(written)
    assert WRONG in left
    assert "3 of 3 measured; 1 did not count (1 nodes); 1 launch set aside (1 disturbed)." in left
    assert not [line for line in left if line.startswith(("measuring", "running", *CHATTER)) or "·" in line]
    assert any(line.startswith("Complete log(s): ") for line in left)
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")  # the cursor is there again
    assert printed == "The answer\n"


def test_without_a_terminal_each_measurement_is_a_line_and_an_error_is_whole(study: Path, run: Run) -> None:
    (study / "made_b3.json").unlink()
    failed = run(study, *SNAKEMAKE, "--keep-going", check=False)
    assert failed.returncode == 1
    assert "\x1b" not in failed.stderr
    lines = failed.stderr.splitlines()
    said = [line for line in lines if NAME[:14] in line and line[0].isdigit()]
    assert [re.sub(r"; ends about [\w: ]+$", "; ends", line) for line in said] == [
        f"1 of 3: measured {NAME.format(1)} in 20.0 s, 55.0 images/s; ends",
        f"{WRONG}; ends",
    ]
    assert "pack done" in lines
    assert not [line for line in lines if line.startswith(CHATTER)]
    assert "Error in rule train:" in lines
    assert "the end of a log" in lines
    [log] = study.glob(".snakemake/log/*.log")
    assert f"Complete log(s): {log}" in lines
    assert "rule train:" in log.read_text()


def test_a_profile_is_named_by_its_block_and_lasts_as_a_training_of_its_point() -> None:
    job = SimpleNamespace(
        rule=SimpleNamespace(name="profile"),
        wildcards_dict={"study": "quirks", "point": "resnet18-ddp-4", "block": "2"},
        output=SimpleNamespace(profile="results/quirks/training/profiles/resnet18-ddp-4/b2.json"),
    )
    points = {"training": {"resnet18-ddp-4": SimpleNamespace(workers=4)}}
    found = job_of(job, points, {"training": 3})
    assert str(found) == "profile resnet18-ddp-4 (block 2)"
    assert found.work == Work("profile", "training", "resnet18-ddp-4", 4)
    assert found.record is None


@pytest.mark.parametrize(
    ("settings", "changes", "shown"),
    [
        ({}, {}, True),
        ({"quiet": {Quietness.RULES}}, {}, True),
        ({"quiet": {Quietness.ALL}}, {}, False),
        ({"quiet": {Quietness.RULES, Quietness.PROGRESS}}, {}, False),
        ({"verbose": True}, {}, False),
        ({"printshellcmds": True}, {}, False),
        ({}, {"touch": True}, False),
        ({}, {"is_main_process": False}, False),
    ],
)
def test_who_asks_for_snakemakes_words_or_for_none_has_no_other(
    settings: dict[str, object], changes: dict[str, object], shown: bool
) -> None:
    logger = logging.Logger("of a run")
    inner = logging.StreamHandler()
    inner.name = SNAKEMAKES
    logger.addHandler(inner)
    workflow = {
        "output_settings": OutputSettings(**settings),
        "logger_manager": SimpleNamespace(logger=logger),
        "dag": SimpleNamespace(needrun_jobs=list),
        "touch": False,
        "is_main_process": True,
        "local_exec": True,
    }
    stage = SimpleNamespace(blocks=1)
    show_run(SimpleNamespace(**workflow | changes), SimpleNamespace(study="quirks", loading=stage, training=stage), {})
    assert isinstance(logger.handlers[0], RunHandler) == shown
    assert len(logger.handlers) == 1
