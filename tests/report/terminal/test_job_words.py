"""What a dry run says of a job."""

import os
from pathlib import Path

from scripts.registry import ROOT
from scripts.report.terminal.job_words import changed_files, listed, settings_changed, shortened
from scripts.spec import canonical


def test_a_few_files_are_named_and_many_counted() -> None:
    assert shortened(["a", "b", "c"]) == ["a", "b", "c"]
    assert shortened([f"{number}.jpg" for number in range(400)]) == ["0.jpg", "... 399.jpg (400 files)"]
    assert listed(["split", "train"]) == "split, train"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


def kept(**values: object) -> set[str]:
    """As Snakemake keeps a param: the repr of the spec."""
    return {repr(canonical(**values))}


def test_settings_are_told_by_the_keys_that_differ() -> None:
    before = kept(passes=3, point={"workers": 2, "chunk": 16}, lock="abc")
    now = kept(passes=3, point={"workers": 2, "chunk": 8}, seed=1, lock="abc")
    assert settings_changed(before, now) == "settings changed: point.chunk: 16 -> 8, seed: null -> 1"


def test_a_long_value_is_cut_and_what_is_no_spec_is_said_without_detail() -> None:
    found = settings_changed(kept(points=list(range(100))), kept(points=[1]))
    assert found.startswith("settings changed: points: [0, 1, 2, ")
    assert found.endswith("... -> [1]")
    assert settings_changed(set(), kept(seed=1)) == "settings changed"
    assert settings_changed({"no literal"}, {"3"}) == "settings changed"


def test_the_sources_that_are_newer_than_the_output_are_named(tmp_path: Path) -> None:
    stand_in, output = tmp_path / "loading.measure_loading", tmp_path / "b1.json"
    stand_in.write_text("1  scripts/spec.py\n2  scripts/clock.py\n")
    output.touch()
    newest = max((ROOT / "scripts" / f"{name}.py").stat().st_mtime_ns for name in ("spec", "clock"))
    os.utime(output, ns=(newest, newest))
    # An edit that kept the time of its file.
    assert changed_files(stand_in, ROOT, [str(output)]) == ["what loading.measure_loading is made of"]
    os.utime(output, ns=(0, 0))
    assert changed_files(stand_in, ROOT, [str(output)]) == ["scripts/spec.py", "scripts/clock.py"]
