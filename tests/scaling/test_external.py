"""Tables from outside: read by the same rules, and refused where they break them."""

import shutil
from pathlib import Path

import pytest
from helping import ROOT, Run

from scripts.errors import UserError
from scripts.scaling.answers.answer import Claim
from scripts.scaling.claims.judge_claims import Claimed, ClaimsSpec, judge
from scripts.scaling.tables.costs import Prices
from scripts.scaling.tables.rows import TrainingRow
from scripts.scaling.tables.tabulate_external import read, rows

ANCESTOR = ROOT / "config/studies/ancestor.csv"
HEAD = "point,baseline,workers,cores,images,seconds,model,strategy,device,precision,scaling,global_batch"
LINE = "a,a,1,1,100,10,resnet18,ddp,cpu,fp32,strong,32"

TWO, OTHER = LINE.replace("a,a,1,1", "a,a,2,2"), LINE.replace("a,a", "b,a")


@pytest.fixture(scope="module")
def table() -> dict[str, TrainingRow]:
    return {row.point: row for row in rows(read(ANCESTOR), 0.95, Prices())}


def claims(table: dict[str, TrainingRow], *claimed: Claimed) -> list[Claim]:
    return judge(list(table.values()), [], ClaimsSpec(claims=list(claimed)))


def written(folder: Path, *lines: str) -> Path:
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    return folder / "table.csv"


def test_four_gpus_are_1_41_times_one_at_35_percent_efficiency(table: dict[str, TrainingRow]) -> None:
    row = table["amp-4-gpus"]
    assert row.speedup == pytest.approx(18.97 / 13.48)
    assert row.efficiency == pytest.approx(0.3518, abs=1e-4)
    assert row.marks == "exploratory"
    (claim,) = [one for one in claims(table) if one.rows == ["amp-4-gpus", "amp-1-gpu"]]
    assert claim.sentence == (
        "amp-4-gpus trains 1.41 times as fast as amp-1-gpu (19.0 s). That is on 4 against 1 GPUs (efficiency 0.35). "
        "Test accuracy 0.940 against 0.970. Global batch of 2,000 against 500."
    )
    assert claim.too_few


def test_24_times_is_refused_by_the_fields_that_differ(table: dict[str, TrainingRow]) -> None:
    claim = claims(table, Claimed(point="amp-4-gpus", against="serial-28", times=24))[-1]
    assert not claim.stands
    assert not claim.too_few
    assert "what was measured" not in [breach.rule for breach in claim.breaches]  # 328.24 / 13.48 = 24.35
    [unequal] = [breach.found for breach in claim.breaches if breach.rule == "equal work"]
    assert "device (cuda against cpu)" in unequal
    assert "precision (amp against fp32)" in unequal
    assert "batch_policy (weak: batch 500 a worker against strong: global batch 1000)" in unequal


def test_a_step_larger_than_the_epoch_does_not_count(table: dict[str, TrainingRow]) -> None:
    row = table["ddp-cpu-28"]
    assert row.validity == "invalid"
    assert "a step of 280,000 images is more than the 20,000 that were timed" in row.reason
    assert "batch_policy (weak: batch 10000 a worker against weak: batch 1000 a worker)" in row.reason


def test_repeated_launches_have_intervals_and_a_column_of_ones_own_is_part_of_the_key(tmp_path: Path) -> None:
    two = LINE.replace("a,a,1,1,100,10", "b,a,2,2,100,5.5")
    lines = [f"{line},{block},{data}" for line, data in ((LINE, "x"), (two, "x")) for block in (1, 2, 3)]
    found = {row.point: row for row in rows(read(written(tmp_path, f"{HEAD},block,data", *lines)), 0.95, Prices())}
    assert found["b"].speedup_low == pytest.approx(10 / 5.5)
    other = [line.replace(",x", ",y") if line.startswith("b") else line for line in lines]
    found = {row.point: row for row in rows(read(written(tmp_path, f"{HEAD},block,data", *other)), 0.95, Prices())}
    assert "b and a differ in data (y against x)" in found["b"].reason


def test_nodes_are_no_part_of_the_key(tmp_path: Path) -> None:
    two = LINE.replace("a,a,1,1,100,10", "b,a,2,2,100,5.5")
    found = rows(read(written(tmp_path, f"{HEAD},nodes", f"{LINE},1", f"{two},2")), 0.95, Prices())
    assert [(row.nodes, row.blocks) for row in found] == [(1, 1), (2, 1)]
    assert [row.nodes for row in rows(read(written(tmp_path, HEAD, LINE)), 0.95, Prices())] == [None]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([HEAD, LINE.replace("a,a,1", "a,a,0")], r"line 2: workers: found '0', expected greater than or equal to 1$"),
        ([HEAD.replace(",seconds", ""), LINE.replace(",10,", ",")], r"line 2: seconds: found none, expected one$"),
        ([HEAD, LINE.replace("a,a", "a,c")], r"line 2: baseline: found 'c'; expected one of the points: a"),
        ([HEAD, LINE, LINE], r"a point has a block twice"),
        ([HEAD, LINE.replace("a,a,1,1", "a,a,2,3")], r"line 2: cores: found 3; expected a multiple of its 2 workers"),
        ([f"{HEAD},block", f"{LINE},1", f"{TWO},2"], r"line 3: workers: found 2; expected 1"),
        ([f"{HEAD},curve", f"{LINE},c", f"{OTHER},c"], r"line 3: curve: b and a have 1 workers each"),
        ([HEAD, LINE.replace(",10,", ",inf,")], r"line 2: seconds: found 'inf', expected a finite number$"),
        ([HEAD, LINE.replace(",10,", ",1e400,")], r"line 2: seconds: found '1e400', expected a finite number$"),
        ([HEAD, "", LINE, LINE.replace(",10,", ",nan,")], r"line 4: seconds: found 'nan', expected a finite number$"),
        ([HEAD, LINE.replace(",10,", ",1e300,")], r"line 2: seconds: found '1e300', expected less than"),
        ([f"{HEAD},gpu_joules", f"{LINE},-inf"], r"line 2: gpu_joules: found '-inf', expected a finite number$"),
        ([HEAD, f"{LINE},7"], r"line 2: found 1 more fields than columns, expected 12"),
        ([HEAD], r"found no line"),
        ([], r"cannot be read"),
    ],
)
def test_a_table_that_cannot_be_read_is_named_with_its_line(lines: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        read(written(tmp_path, *lines) if lines else tmp_path / "table.csv")


def test_the_ancestors_page_says_what_its_numbers_bear_out(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config/studies").mkdir(parents=True)
    shutil.copy(ANCESTOR, tmp_path / "config/studies")
    command = ("snakemake", "--profile", "local", "--directory", str(tmp_path))
    done = run(ROOT, *command, "--configfile", "config/studies/ancestor.yaml")
    said = " ".join(done.stdout.split())
    assert "The answer Not to be quoted: " in said
    four, one = "DDP with 4 GPUs (resnet50, amp)", "one process with 28 threads (resnet50)"
    assert f"Not to be quoted: {four} trains 24.4 times as fast as {one} (328 s). That is on 4 against 28" in said
    assert ". Claimed: 24. Equal work: they differ in " in said
    assert "Nothing can be recommended among what is compared with one process with 10 threads (resnet50)." in said
    page = (tmp_path / "results/ancestor/report/trainings.html").read_text()
    assert (
        f"{four} trains 1.41 times as fast as DDP with 1 GPU (resnet50) (19.0 s). That is on 4 against 1 GPUs" in page
    )
    assert f"{four} trains 24.4 times as fast as {one}" in page
    assert "they differ in batch_policy" in page
    assert "Nothing can be recommended" in page
    assert '<p class="tells">would tell: ' in page
    missing = run(ROOT, *command, "--config", "scaling={'external': 'none.csv'}", check=False)
    assert missing.returncode == 1
    assert "error: scaling.external: found no file none.csv; expected a CSV of launches" in missing.stderr
