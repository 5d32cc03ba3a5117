"""Failed jobs are tried again, but for those that would fail again."""

from pathlib import Path

import pytest
from helping import ROOT, Run, killed_at_work

from scripts import cli
from scripts.errors import PassingError, UserError
from scripts.slurm.attempts import has_lasting_error

NEVER, ALWAYS = float("inf"), 0.0


def fail(error: Exception) -> str:
    """The last line of a program."""

    def main() -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        cli.run(main)
    return str(ended.value.code)


@pytest.mark.parametrize(
    ("text", "lasting"),
    [
        (fail(UserError("training loss is nan")), True),
        (f"2: {fail(UserError('said on a node of several'))}", True),
        (fail(PassingError("node n2 did not join the run")), False),
        (fail(OSError(28, "No space left on device", "b1.json")), False),
        ("Traceback (most recent call last):\nRuntimeError: error: CUDA", False),
        (f"[rank 1] {fail(UserError('said by a rank, of which its node will tell'))}", False),
        ("", False),
    ],
)
def test_what_a_log_tells_of_another_attempt(text: str, lasting: bool, tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_text("some lines\n" * 20_000 + text + "\n")
    assert has_lasting_error([str(log)], ALWAYS) == lasting
    assert not has_lasting_error([str(log)], NEVER)  # of an earlier run
    assert not has_lasting_error([str(tmp_path / "none.log")], ALWAYS)


def test_what_may_have_been_chance_is_tried_again(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake is not: test_bad_input.py."""
    monkeypatch.setenv("PYTHONPATH", killed_at_work(tmp_path, "scripts.images.pack_shard", "hashlib.sha256", calls=2))
    for name in ("ash", "birch"):
        (tmp_path / "junk/pictures" / name).mkdir(parents=True)
        for number in range(20):
            (tmp_path / "junk/pictures" / name / f"{number}.jpg").write_bytes(b"no image")
    settings = ["study=junk", "images={'folder': 'pictures', 'shards': 1}"]
    flags = ["--profile", "local", "--retries", "2", "--directory", str(tmp_path / "junk"), "--config", *settings]
    done = run(ROOT, "snakemake", "--until", "split", *flags, check=False, fresh=True)
    assert "Error in rule" in done.stderr
    assert done.stderr.count("Trying to restart job") == 2
