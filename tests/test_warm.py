"""Programs that a warm process becomes are told, tell and end as those with an interpreter of their own."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import warm
from helping import Run

TELL = """
import json, os, sys
print(json.dumps([__name__, sys.argv, sys.path[0], os.getcwd(), os.environ.get("TOLD"), sys.stdin.read()]))
print("and this", file=sys.stderr)
sys.exit(7)
"""
WAIT = "import time; print('here', flush=True); time.sleep(600)"


def program(folder: Path, text: str) -> None:
    (folder / "scripts").mkdir()
    (folder / "scripts/told.py").write_text(text)


def test_a_warm_program_tells_what_a_fresh_one_tells(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, TELL)
    monkeypatch.setenv("TOLD", "grüße")
    command = (tmp_path, sys.executable, "-m", "scripts.told", "a b", "--c")
    warmly, freshly = (run(*command, check=False, fresh=fresh) for fresh in (False, True))
    assert (warmly.returncode, warmly.stdout, warmly.stderr) == (freshly.returncode, freshly.stdout, freshly.stderr)
    assert warmly.returncode == 7
    assert '"a b", "--c"' in warmly.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_the_program_and_who_stands_for_it(number: signal.Signals, tmp_path: Path) -> None:
    program(tmp_path, WAIT)
    command = [str(warm.interpreter()), "-m", "scripts.told"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "here\n"
        process.send_signal(number)
        assert process.stdout.read() == ""  # at its end: nobody holds it any more
        assert process.wait() == -number
