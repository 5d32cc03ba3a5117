"""Centres: their units, from files that say where they are from."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from scripts.config.proposal import CENTRES, Proposal
from scripts.errors import UserError
from scripts.report.proposal.centre import Rate, read

FILES = sorted(CENTRES.glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_centre_that_comes_along_says_its_source_and_when_it_was_read(file: Path) -> None:
    centre = read(file)
    assert centre.cpu or centre.gpu
    if file.stem not in {"core_hours", "gpu_hours"}:  # units, no centres
        assert (centre.source or "").startswith("https://")
        assert centre.read is not None


@pytest.mark.parametrize(
    ("centre", "cores", "gpus", "hours", "units"),
    [
        ("archer2", 128, 0, 1.0, 1.0),  # 1 CU = 1 node hour for a standard 128 core node
        ("lumi", 16 * 128, 0, 12.0, 24_576.0),  # 16 nodes x 128 CPU-cores/node x 12 hours
        ("hlrn_npl", 96, 0, 1.0, 14.0),
        ("nhr_goettingen", 10 * 96, 0, 3.0, 2_880.0),
        ("nhr_zib", 4, 4, 1.0, 600.0),  # four GPUs of a node
        ("tu_darmstadt", 8, 2, 1.0, 48.0),
        ("core_hours", 3, 0, 2.0, 6.0),
    ],
)
def test_a_job_is_charged_as_the_centres_page_has_it(
    centre: str, cores: int, gpus: int, hours: float, units: float
) -> None:
    rate = read(Proposal(centre=centre).centre_file).rate("cuda" if gpus else "cpu")
    assert rate is not None
    assert rate.units_of(cores, gpus, 3600 * hours) == pytest.approx(units)


def test_nodes_are_charged_whole() -> None:
    rate = Rate(each="node", units=2, cores_per_node=64, gpus_per_node=4)
    assert [rate.nodes(1, 0), rate.nodes(64, 4), rate.nodes(65, 4), rate.nodes(64, 5)] == [1, 1, 2, 2]
    assert rate.units_of(65, 0, 3600) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: A\nunit: h\nsource: null\nread: null\ncpu: {each: core}\n", "cpu.units: found none, expected one"),
        ("name: A\nunit: h\nsource: null\nread: null\ncpu: {each: node, units: 1}\n", "expected cores_per_node"),
        ("name: A\nunit: h\nsource: null\nread: null\nprice: 3\n", "price"),
        ("name: [", "no YAML"),
    ],
)
def test_a_file_that_is_written_otherwise_is_named_with_its_fault(tmp_path: Path, text: str, said: str) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(text)
    with pytest.raises(UserError) as error:
        read(mine)
    assert f"{mine}: " in str(error.value)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_centre_that_is_not_known_is_told_those_that_are() -> None:
    with pytest.raises(ValidationError, match="found 'archer3'; expected access, archer2, core_hours, "):
        Proposal(centre="archer3")
    assert Proposal(centre="ours.yaml").centre_file == Path("ours.yaml")
