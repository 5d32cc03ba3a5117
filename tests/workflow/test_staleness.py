"""Each setting and each input, edited one at a time: what a dry run says would run, and docs/staleness.md says so."""

import json
import os
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest
from helping import ROOT, Run
from made_study import MadeStudy, Plan
from staleness_page import STAGES, Line, cell, page, rules
from staleness_rows import FILES, PACKAGES, PICTURES, SOURCES, Row
from staleness_settings import VALUES, keys
from staleness_settings import rows as settings_rows
from staleness_studies import STUDIES, lay_down, merged

PAGE = ROOT / "docs" / "staleness.md"
ADD = "give it another value in staleness_settings.py, then run `make docs`"
REWRITE = "SCALECARD_WRITE_DOCS"  # set by `make docs`
ROWS = [*PICTURES, *FILES, *PACKAGES, *SOURCES, *settings_rows()]


class Told(NamedTuple):
    """What dry runs say."""

    jobs: dict[str, dict[str, int]]  # by study, how many jobs each rule has
    plans: dict[str, dict[str, Plan]]  # by edit, then by study

    def line(self, row: str) -> Line:
        """The cells of an edit; of a rule that several studies have, those of the first."""
        cells: dict[str, str] = {}
        for study, plan in self.plans[row].items():
            for rule, count in self.jobs[study].items():
                if rule in rules():
                    cells.setdefault(rule, cell(plan.jobs.get(rule, Counter()), count))
        return Line(row, cells)


def planned(made: MadeStudy, row: Row, study: str, *flags: str) -> Plan:
    settings, targets = STUDIES[study]
    asked = merged({"study": study} | settings, row.settings)
    return made.plan(asked, [target.format(study=asked["study"]) for target in targets], *row.flags, *flags)


def plans(made: MadeStudy, rows: list[Row]) -> dict[str, dict[str, Plan]]:
    """What dry runs say in one checkout: by edit, then by study."""
    found: dict[str, dict[str, Plan]] = {}
    for row in rows:
        for study in row.studies:
            with made.put_back():
                row.edit(made)
                found.setdefault(row.name, {})[study] = planned(made, row, study)
    return found


@pytest.fixture(scope="module")
def told(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Of two checkouts, one of them a copy, since each plans one edit at a time. The images are packed and split; in
    the place of what is measured of them lie other files: no dry run looks into it.
    """
    folder = tmp_path_factory.mktemp("staleness")
    (folder / "tools").mkdir()
    (folder / "tools/sbatch").write_text("#!/bin/sh\n")  # which is looked for where Dask packs
    (folder / "tools/sbatch").chmod(0o755)
    told = Told({}, {})
    with MadeStudy(folder / "made", folder / "tools") as made:
        lay_down(made.folder)
        (made.folder / "asked.yaml").write_text(json.dumps({"study": "pictures"} | STUDIES["pictures"][0]))
        run(
            made.folder,
            "snakemake",
            "--profile",
            "local",
            "--configfile",
            "asked.yaml",
            "--until",
            "channel_stats",
            "describe_model",
        )
        for study, (settings, targets) in STUDIES.items():
            made.make({"study": study} | settings, [target.format(study=study) for target in targets])
            plan = planned(made, Row("all"), study, "--forceall")
            told.jobs[study] = {rule: count.total() for rule, count in plan.jobs.items()}
        with (
            MadeStudy(folder / "copied", folder / "tools", copied=made.folder) as copied,
            ThreadPoolExecutor(2) as pool,
        ):
            shares = [
                [Row(name, studies=tuple(STUDIES)), *ROWS[first::2]] for first, name in enumerate(("nothing", "a copy"))
            ]
            for found in pool.map(plans, (made, copied), shares):
                told.plans.update(found)
    return told


def test_every_setting_is_on_the_page() -> None:
    sections = {key.removesuffix("*") for key in VALUES if key.endswith("*")}
    assert {key for key in keys() if key not in VALUES and not key.startswith(tuple(sections))} == set(), ADD


def test_every_rule_is_on_the_page(told: Told) -> None:
    files = {path.stem for path in (ROOT / "workflow/rules").glob("*.smk") if "rule " in path.read_text()}
    made = {file for file in files if file.partition("_")[0] not in {"common", "study"}}
    assert made == {name for found in STAGES.values() for name in found}
    assert set().union(*told.jobs.values()) >= rules().keys()


@pytest.mark.parametrize("where", ["nothing", "a copy"])
def test_a_second_run_does_nothing_also_in_a_copy_of_the_checkout(where: str, told: Told) -> None:
    for plan in told.plans[where].values():
        assert plan.jobs == {}
        assert "warning" not in plan.said


def test_an_installed_package_that_the_lock_has_in_another_version_is_named_in_one_line(told: Told) -> None:
    [said] = [plan.said for name, row in told.plans.items() if "than the lock has" in name for plan in row.values()]
    warnings = [line for line in said.splitlines() if line.startswith("warning: installed")]
    assert len(warnings) == 1
    assert re.search(r"psutil 0\.1 \(lock: [0-9.]+\); what was", warnings[0])


def stale(told: Told, name: str) -> set[str]:
    [row] = [row for row in ROWS if row.name.startswith(name)]
    return {rule for rule, why in told.line(row.name).cells.items() if why}


def test_loading_depends_on_the_training_images_alone(told: Told) -> None:
    loading = {"reference_digest", "measure_loading", "trace_dask"}
    assert stale(told, "a picture that trains") >= loading | {"pack_shard", "train"}
    assert stale(told, "a picture that validates") >= {"pack_shard", "train"}
    assert not stale(told, "a picture that validates") & (loading | {"reencode", "pack_container", "tabulate_loading"})


def test_pictures_that_change_places_are_seen_and_times_are_not(told: Told) -> None:
    assert "pack_shard" in stale(told, "two pictures of equal size and time")
    assert stale(told, "a picture touched") == stale(told, "a picture dated next year") == set()


def test_more_profiles_run_the_new_ones_and_nothing_that_is_timed(told: Told) -> None:
    cells = told.line("`training.profile_blocks`").cells
    assert (cells["profile"], cells["tabulate_profiles"], cells["tabulate_pop"]) == ("new", "file", "file")
    assert not cells["train"] + cells["tabulate_training"]


def test_no_table_or_page_measures_anything(told: Told) -> None:
    measured = {"measure_loading", "train", "profile", "measure_stages"}
    for name in ("`scripts/report/", "`scripts/scaling/", "`scaling.", "`plan.", "`measuring.", "a rule file: memory"):
        for row in ROWS:
            if row.name.startswith(name) and row.name != "`scaling.external`":
                assert not measured & {rule for rule, why in told.line(row.name).cells.items() if why}, row.name


def test_the_page_of_staleness_is_up_to_date(told: Told) -> None:
    text = page([told.line(row.name) for row in ROWS], told.jobs["pictures"])
    if REWRITE in os.environ:
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text, "run `make docs`"
