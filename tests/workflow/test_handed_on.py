"""Settings of a command line on Slurm: what a job would not be told is refused before there is one."""

import subprocess
from pathlib import Path

import pytest
from helping import ROOT, Run
from snakemake_interface_executor_plugins.utils import format_cli_arg

from scripts.errors import UserError
from scripts.slurm.handed_on import check_handed_on

ARRIVE = ["study=x", "study=it's", 'images={"folder": "/a b/c"}', "images={'folder': '/a/ü'}", "a='x y'", 'a="x%"']
LOST = ['images={"folder": "/it\'s"}', "'a=b'", "a=$HOME", "a=`id`", 'a={"b": "\\\\"}', "a=x\ny", "a=\t"]


def told(setting: str) -> str:
    """What the job's program gets, by the executor's own quoting and two real shells."""
    words = f"printf %s {format_cli_arg('', [setting]).strip()}"
    submitted = 'printf "%s" "{}"'.format(words.replace('"', '\\"'))
    job = subprocess.run(["sh", "-c", submitted], capture_output=True, text=True, check=False).stdout
    inner = subprocess.run(["sh", "-c", job], capture_output=True, text=True, check=False).stdout
    again = f"printf %s {format_cli_arg('', [inner]).strip()}"
    return subprocess.run(["sh", "-c", again], capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("setting", ARRIVE)
def test_settings_that_arrive_are_let_through(setting: str) -> None:
    assert told(setting) == setting
    check_handed_on([setting])


@pytest.mark.parametrize("setting", LOST)
def test_settings_that_would_not_arrive_are_refused(setting: str) -> None:
    assert told(setting) != setting
    with pytest.raises(UserError, match="put these settings into a file and name it with --configfile"):
        check_handed_on(["study=x", setting])


def test_a_run_on_slurm_ends_before_its_first_job(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "it's"
    for name in ("ash", "birch"):
        (folder / name).mkdir(parents=True)
        for number in range(30):
            (folder / name / f"{number}.jpg").write_bytes(b"not looked at before the first job")
    setting = f'images={{"folder": "{folder}"}}'
    flags = ["--profile", "slurm", "--directory", str(tmp_path), "--config", setting]
    done = run(ROOT, "snakemake", *flags, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith(f"error: --config {setting}: ")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("mode", "given", "found"),
    [
        # The job's first Snakemake, which Slurm starts, and its second, from whom the executor has taken it.
        ("remote", {"SLURM_HINT": "nomultithread"}, "nomultithread nomultithread"),
        ("remote", {"SCALECARD_SLURM_HINT": "nomultithread"}, "nomultithread nomultithread"),
        # Whoever starts a run inside an allocation has said nothing of its jobs.
        ("default", {"SLURM_HINT": "nomultithread"}, "nomultithread -"),
    ],
)
def test_a_jobs_sruns_count_cores_as_the_job_does(
    mode: str, given: dict[str, str], found: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    (tmp_path / "bash").write_text(f'echo "${{SLURM_HINT:--}} ${{SCALECARD_SLURM_HINT:--}}" >> {seen}\n')
    flags = ["--profile", "local", "--directory", str(tmp_path), "--config", "images={'sample': {'per_class': 9}}"]
    flags += ["training={'global_batch': 8}"]
    target = "results/demo/images/sample/solid_sheets"
    run(ROOT, "snakemake", target, *flags, "-n")  # a job finds what the run that submitted it has written
    for name, value in (given | {"BASH_ENV": str(tmp_path / "bash")}).items():
        monkeypatch.setenv(name, value)
    run(ROOT, "snakemake", target, *flags, "--cores", "1", "--resources", "machine=1000", "--mode", mode)
    assert found in seen.read_text().splitlines()
