"""Points in words: no two alike, and ids where they belong."""

from pathlib import Path

import pytest

from scripts.report.words.point_words import line_names, names_of
from scripts.scaling.tables.rows import LoadingRow, TrainingRow
from scripts.scaling.tables.table_file import read_rows


@pytest.fixture
def rows(study: Path) -> list[TrainingRow]:
    return [row for row in read_rows(study / "scaling/training.parquet", TrainingRow) if row.model == "resnet18"]


def test_words_take_the_place_of_ids_but_not_in_files(rows: list[TrainingRow]) -> None:
    say = names_of(rows).say

    assert say("Ask for 4 cores: resnet18-ddp-4.") == "Ask for 4 cores: DDP with 4 workers."
    assert say("resnet18-ddp (1, 2 workers) follows amdahl") == "DDP (1, 2 workers) follows amdahl"
    assert say("training/records/resnet18-ddp-4/b1.json") == "training/records/resnet18-ddp-4/b1.json"
    assert say("resnet18-ddp-4-bf16 is another") == "resnet18-ddp-4-bf16 is another"


def test_the_precision_is_said_where_the_same_way_has_several(rows: list[TrainingRow]) -> None:
    (four,) = [row for row in rows if row.point == "resnet18-ddp-4"]
    half = four.model_copy(update={"point": "resnet18-ddp-4-bf16", "precision_of_numbers": "bf16"})

    names = names_of([*rows, half])

    assert names.title("resnet18-ddp-4-bf16") == "DDP, 4 workers, bf16"
    assert names.title("resnet18-ddp-4") == "DDP, 4 workers, fp32"
    assert names.title("resnet18-ddp-2") == "DDP, 2 workers"


def test_what_words_cannot_tell_apart_keeps_its_id(rows: list[TrainingRow]) -> None:
    (four,) = [row for row in rows if row.point == "resnet18-ddp-4"]
    twin = four.model_copy(update={"point": "resnet18-ddp-4-gpipe-m4", "curve": "resnet18-ddp-gpipe-m4"})

    titles = names_of([*rows, twin]).titles

    assert titles["resnet18-ddp-4-gpipe-m4"] == "DDP, 4 workers, resnet18-ddp-4-gpipe-m4"
    assert len({titles[row.point] for row in (*rows, twin)}) == len(rows) + 1
    assert line_names([four, twin]) == {"resnet18-ddp": "DDP (ddp)", twin.curve: "DDP (ddp-gpipe-m4)"}


def test_workers_on_gpus_are_gpus(rows: list[TrainingRow]) -> None:
    on_gpus = [row.model_copy(update={"device": "cuda"}) for row in rows]

    assert names_of(on_gpus).title("resnet18-ddp-4") == "DDP, 4 GPUs"


def test_ways_to_load_say_what_their_backend_has_several_of(study: Path) -> None:
    ways = read_rows(study / "scaling/loading.parquet", LoadingRow)

    names = names_of([], ways)

    assert names.title("pool_map-2-16-cold") == "pool map, 2 workers, chunks of 16, cold page cache"
    assert names.say("serial-1 and pool_map-2-16") == "Serial and pool map with 2 workers and chunks of 16"
