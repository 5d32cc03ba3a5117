"""What a run says of its images before its first job, and what it refuses to take for a study."""

from pathlib import Path

import pytest
from helping import ROOT, Run

from scripts.config import Study
from scripts.errors import ImageError
from scripts.images.understood import Understood, understand
from scripts.report.terminal.study_words import study_words


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def words(folder: Path, **images: object) -> str:
    """What is said of the study of some images, in one line a subject."""
    study = Study.model_validate({"study": "s", "images": {"folder": str(folder), **images}})
    said = study_words(study, understood(study, folder), folder / "rejects.csv")
    return " ".join(said.split())


def understood(study: Study, folder: Path) -> Understood:
    return understand(study.images, folder, folder / "lists")


def test_a_dry_run_says_what_it_understood_before_its_jobs(run: Run, tmp_path: Path) -> None:
    sides = {"Training": 20, "Testing": 5}
    touch(tmp_path, *(f"raw/set/{side}/{name}/{i}" for side, n in sides.items() for name in "ab" for i in range(n)))
    touch(tmp_path, "raw/set/docs/notes.pdf", "raw/set/.DS_Store", "raw/set/Training/c/Thumbs.db")
    rows = [f"set/Training/a/{i},P{i // 4} " for i in range(20)]
    (tmp_path / "groups.csv").write_text("\n".join(["path,group", *rows]))
    config = ["images={'folder': 'raw', 'groups': 'groups.csv'}", "study=2023_05", "training={'global_batch': 8}"]
    command = ["snakemake", "--profile", "local", "--directory", str(tmp_path), "-n", "--config", *config]

    said = run(ROOT, *command).stdout

    before, _, jobs = said.partition("\nJob stats:")
    block = " ".join(before.partition("Images of study 2023_05:")[2].split())
    assert block.startswith(
        "layout sides of a split, with one folder a class in each, in raw: set/Testing (test), set/Training (train) "
        "classes 2 with 50 images: a 25, b 25 "
        "split given: train 40, test 10; valid is cut from train "
        "groups 5 known, of groups.csv: 30 images are in none; copies are looked for when the images are packed "
        "contradictions none is known; files of two classes with equal bytes are rejected when they are packed "
        "passed over "
    )
    for passed in (
        "in folders that hold no classes: 1 (set/docs/notes.pdf)",
        "left behind by other programs: 2 (set/.DS_Store, set/Training/c/Thumbs.db)",
        "class folders without a file: 1 (set/Training/c)",
    ):
        assert passed in block
    assert "results/2023_05/images/shards/0000.npy" in jobs  # as it was typed, and no number
    assert "Images of study" not in jobs


def test_one_folder_a_class_is_said_with_what_was_rejected_before(tmp_path: Path) -> None:
    folder = touch(tmp_path, *(f"set/{name}/{i}" for name in ("ant", "Ant ", "line\nbreak") for i in range(4)))
    (tmp_path / "rejects.csv").write_text("path,reason\nset/ant/1,empty file\n")
    said = words(folder)
    assert "layout one folder a class, in" in said
    assert "classes 3 with 12 images: Ant 4, ant 4, 'line\\nbreak' 4 split" in said
    assert "none is given: the groups of each class are cut into train 0.8, valid 0.1, test 0.1" in said
    assert "groups none is known (images.groups)" in said
    assert "contradictions classes 'Ant ' and 'ant' differ by case or blanks alone" in said
    assert "rejected 1 (set/ant/1), when the images were last packed" in said
    assert "passed over beside the class folders: 1 (rejects.csv)" in said


def test_of_many_classes_the_first_and_the_smallest_are_counted(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{name:02d}/{i}" for name in range(30) for i in range(3 if name == 20 else 4)))
    said = words(tmp_path)
    assert "classes 30 with 119 images: 00 4, 01 4," in said
    assert "11 4 and 18 more; the smallest is 20 with 3 split" in said


def test_a_manifest_is_said_with_what_contradicts_itself_and_the_columns_that_are_not_used(tmp_path: Path) -> None:
    rows = [
        f"{i}.jpg,{'ab'[i % 2]},{'' if i else 'test'},{'p' if i < 3 else ''},{'x' if i < 2 else i}" for i in range(9)
    ]
    rows[1] = rows[1].replace(",,p", ",test,p")
    (tmp_path / "m.csv").write_text("\n".join(["path,label,split,group,sha256,spilt", *(f"{row},1" for row in rows)]))
    said = words(tmp_path, manifest=str(tmp_path / "m.csv"))
    assert f"layout rows of {tmp_path}/m.csv classes 2 with 9 images: a 5, b 4" in said
    assert "split given: test 2; valid is cut from the 7 images that are given to none" in said
    assert "1 known, of column group of" in said
    assert "6 images are in none" in said
    assert "2 (0.jpg, 1.jpg) have a sha256 that stands in a row of another class too" in said
    assert "passed over columns of the manifest: 1 (spilt)" in said
    tracked = words(tmp_path, manifest=str(tmp_path / "m.csv"), track="manifest")
    assert tracked == said


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ("a\\\\0,P1\nb/0,P2", r"1 of its 2 paths are of no image, 'a\\\\\\\\0' among them; .* slashes, as 'a/0'"),
        ("a/0,P1\na/0,P1", "line 3 names 'a/0' twice"),
    ],
)
def test_groups_that_fit_in_part_are_refused_before_any_job(groups: str, message: str, tmp_path: Path) -> None:
    folder = touch(tmp_path / "raw", *(f"{name}/{i}" for name in "ab" for i in range(4)))
    (tmp_path / "groups.csv").write_text(f"path,group\n{groups}\n")
    study = Study.model_validate({"images": {"folder": str(folder), "groups": str(tmp_path / "groups.csv")}})
    with pytest.raises(ImageError, match=f"images.groups: .*{message}"):
        understood(study, folder)
