"""Every command that README and docs tell a reader to type: what it names is there, and Snakemake plans it."""

import argparse
import importlib
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from helping import ROOT, Run, copy_checkout, write_jpeg

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS = ("make", "snakemake", "python", "source")
# Of other machines, or of what a reader has measured before; each with the test that runs it.
ELSEWHERE = {
    "snakemake --profile slurm": "tests/slurm, on a cluster",
    "snakemake --profile local plan": "tests/workflow/test_targets.py, on a study with a plan",
    "snakemake --profile local compare": "tests/workflow/test_targets.py, on two studies",
    "snakemake --profile local proposal": "tests/workflow/test_targets.py, on a study that was confirmed",
    "snakemake --profile local --configfile my_script.yaml": "tests/workflow/test_program_study.py, on a script",
    "snakemake --unlock": "it plans nothing",
    "snakemake proposal": "named in a sentence: the line itself stands in proposal.md",
    "snakemake confirm": "named in a sentence: the line itself stands in answers.md",
}


def commands(document: Path) -> Iterator[str]:
    """The lines of code blocks, and what stands in backticks, where they begin with a program."""
    text = document.read_text()
    blocks = re.findall(r"```(?:sh|bash)?\n(.*?)```", text, flags=re.DOTALL)
    lines = [line for block in blocks for line in re.sub(r"\\\n\s*", " ", block).splitlines()]
    rest = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for line in [*lines, *re.findall(r"`([^`\n]+)`", rest)]:
        if re.match(rf"(?:{'|'.join(PROGRAMS)}) \S", line):
            yield re.split(r"\s+# ", line)[0].strip()


TYPED = list(dict.fromkeys(line for document in DOCUMENTS for line in commands(document)))


def of(program: str) -> list[str]:
    """The commands that start a program, also those that a command starts."""
    handed_on = [
        word.partition("=")[2] for line in TYPED for word in shlex.split(line) if word.startswith("SNAKEMAKE=")
    ]
    return [line for line in [*TYPED, *handed_on] if line.startswith(f"{program} ")]


def test_documents_tell_what_to_type() -> None:
    assert len(of("make")) >= 8
    assert len(of("snakemake")) >= 12
    assert len(of("python")) >= 4
    assert set(of("source")) == {"source .venv/bin/activate"}


@pytest.mark.parametrize("line", of("make"))
def test_make_has_the_target(line: str) -> None:
    offered = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    targets = [word for word in shlex.split(line)[1:] if "=" not in word]

    assert targets
    assert set(targets) <= offered


@pytest.mark.parametrize("line", of("python"))
def test_a_program_knows_the_flags_that_it_is_given(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, *given = shlex.split(line)[2:]
    known: set[str] = set()

    def told(parser: argparse.ArgumentParser, *_: object) -> argparse.Namespace:
        known.update(flag for action in parser._actions for flag in action.option_strings)
        raise SystemExit

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", told)
    with pytest.raises(SystemExit):
        importlib.import_module(module).main()

    assert "--help" in known
    assert {word for word in given if word.startswith("--")} <= known


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone, and beside it pictures enough for a step."""
    folder = tmp_path_factory.mktemp("typed")
    for i in range(60):
        write_jpeg(folder / "my_images" / f"class_{i % 3}" / f"{i}.jpg", seed=i, size=32)
    return copy_checkout(folder)


def planned() -> dict[str, set[str]]:
    """The lines of Snakemake that this machine can plan, by their settings; of each, the targets that are asked for."""
    found: dict[str, set[str]] = {}
    for line in of("snakemake"):
        if not any(line.startswith(other) for other in ELSEWHERE):
            words = shlex.split(line)
            targets = {word for word in words if word in {"preview", "model", "confirm", "next_pass"}}
            settings = [word for word in words[1:] if word not in {*targets, "-n", "-np"}]
            found.setdefault(shlex.join(settings), set()).update(targets)
    return found


@pytest.mark.parametrize(("settings", "targets"), planned().items())
def test_snakemake_plans_it(run: Run, checkout: Path, settings: str, targets: set[str]) -> None:
    words = [word.replace("/data/my_images", str(checkout / "my_images")) for word in shlex.split(settings)]
    if "--rulegraph" not in words:
        words += ["--dry-run", "--quiet", "rules"]

    done = run(checkout, "snakemake", *words, *(["--", "all", *sorted(targets)] if targets else []))

    assert "error" not in done.stderr.lower()


def test_what_is_planned_elsewhere_is_still_told_to_be_typed() -> None:
    lines = of("snakemake")
    assert {start for start in ELSEWHERE if not any(line.startswith(start) for line in lines)} == set()
    named = {word for why in ELSEWHERE.values() for word in re.findall(r"tests/[\w./]+", why)}
    assert all((ROOT / path).exists() for path in named)


def test_settings_in_the_lines_are_read_as_they_stand() -> None:
    for line in of("snakemake"):
        words = shlex.split(line)
        given = words[words.index("--config") + 1 :] if "--config" in words else []
        for setting in given:
            name, _, value = setting.partition("=")
            assert name.isidentifier()
            if value.startswith("{"):
                json.loads(value)
