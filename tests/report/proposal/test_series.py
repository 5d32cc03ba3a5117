"""The series of a proposal: what may be quoted of a curve, and nothing else."""

import json
import statistics
from pathlib import Path

import pytest
from proposed import rows_and_claims

from scripts import format as show
from scripts.report.proposal.series import Series, series_of
from scripts.scaling.answers.answer import Breach, Claims


@pytest.fixture
def strong(study: Path) -> Series:
    """Of resnet18, DDP up to 8 workers on a machine of 4 cores."""
    rows, claims = rows_and_claims(study)
    return series_of(rows, claims.claims, [])[0]


def test_a_series_is_the_longest_curve_and_its_baseline_by_counts(strong: Series) -> None:
    names = [line.row.point for line in strong.lines]
    assert names == ["resnet18-serial-1", "resnet18-ddp-1", "resnet18-ddp-2", "resnet18-ddp-4"]
    assert [line.speedup is None for line in strong.lines] == [True, False, False, False]


def test_a_point_that_may_not_be_quoted_is_left_out_with_the_reason(strong: Series) -> None:
    assert strong.left_out == {"resnet18-ddp-8": "resnet18-ddp-8 had more cores than the machine offered"}


def test_a_speedup_is_that_of_the_claim_that_stands(study: Path, strong: Series) -> None:
    _, claims = rows_and_claims(study)
    for line in strong.lines[1:]:
        [claim] = [one for one in claims.claims if one.rows == [line.row.point, strong.baseline.point]]
        assert line.speedup is not None
        assert show.ratio(line.speedup.value, line.speedup.low, line.speedup.high) in claim.sentence
        assert line.tied != claim.stands


def test_a_claim_that_is_refused_takes_its_point_out(study: Path) -> None:
    rows, claims = rows_and_claims(study)
    breach = Breach(rule="equal work", found="they differ in epochs")
    refused = [
        one.model_copy(update={"stands": False, "breaches": [breach]}) if one.rows[0] == "resnet18-ddp-4" else one
        for one in claims.claims
    ]
    [strong, *_] = series_of(rows, Claims(claims=refused).claims, [])
    assert "resnet18-ddp-4" not in [line.row.point for line in strong.lines]
    assert strong.left_out["resnet18-ddp-4"] == "they differ in epochs"


def test_seconds_are_the_geometric_mean_of_the_launches(study: Path, strong: Series) -> None:
    four = strong.lines[-1]
    records = sorted(study.glob("training/records/resnet18-ddp-4/*.json"))
    seconds = [json.loads(path.read_text())["seconds"] for path in records]
    assert four.seconds.value == pytest.approx(statistics.geometric_mean(seconds))
    assert four.seconds.low is not None
    assert four.seconds.high is not None
    assert four.seconds.low < four.seconds.value < four.seconds.high


def test_efficiency_is_the_speedup_for_each_core_of_the_baselines(strong: Series) -> None:
    four = strong.lines[-1]
    per_core = strong.efficiency(four)
    assert four.speedup is not None
    assert per_core is not None
    assert per_core.value == pytest.approx(four.speedup.value / 4)
    assert strong.efficiency(strong.lines[0]) is None  # of the baseline nothing is claimed


def test_weak_scaling_is_a_series_of_its_own_after_the_strong_one(study: Path) -> None:
    rows, claims = rows_and_claims(study)
    mixed = [row.model_copy(update={"scaling": "weak"}) if row.model == "resnet50" else row for row in rows]
    assert [one.scaling for one in series_of(mixed, claims.claims, [])] == ["strong", "weak"]


def test_memory_of_a_node_is_not_told_where_nodes_are_not(strong: Series) -> None:
    line = strong.lines[-1]
    spread = line.row.model_copy(update={"nodes": 2, "peak_rss_bytes": 8e9})
    assert type(line)(spread, line.seconds, line.speedup, line.tied).node_bytes == 4e9
    unknown = line.row.model_copy(update={"nodes": None})
    assert type(line)(unknown, line.seconds, line.speedup, line.tied).node_bytes is None
