"""What a run asks of its jobs where the network is the user's, or sees less than is packed."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from helping import ROOT, Run

MINE = "from torchvision.models import resnet18\n\n\ndef build(classes):\n    return resnet18(num_classes=classes)\n"


@pytest.fixture
def planned(run: Run, tmp_path: Path) -> Any:
    """A dry run in a folder: by program, the commands of its jobs."""

    def plan(training: dict[str, Any], images: dict[str, Any] | None = None) -> dict[str, list[list[str]]]:
        settings = json.dumps({"study": "t", "images": images or {}, "training": training})
        (tmp_path / "study.yaml").write_text(settings)
        flags = ["--profile", "local", "--directory", str(tmp_path), "--configfile", str(tmp_path / "study.yaml")]
        said = run(ROOT, "snakemake", "-n", "-p", "all", "features", *flags).stdout
        found: dict[str, list[list[str]]] = {}
        for line in re.findall(r"python -m scripts\.(training\..*)", said):
            words = shlex.split(line)
            found.setdefault(words[0].rpartition(".")[2], []).append(words)
        return found

    return plan


def spec_of(words: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(words[words.index("--spec") + 1])
    return found


def specs_of(commands: list[list[str]]) -> list[str]:
    """What jobs of a program depend on, in no order: jobs of one priority are planned in any."""
    return sorted(words[words.index("--spec") + 1] for words in commands)


def test_a_network_of_ones_own_reaches_every_program_by_its_path_and_its_digest(planned: Any, tmp_path: Path) -> None:
    file = tmp_path / "nets" / "my_models.py"
    file.parent.mkdir()
    file.write_text(MINE)
    programs = ("describe_model", "train", "extract_features")
    relative, absolute = (planned({"model": f"{path}:build"}) for path in ("nets/my_models.py", file))
    for program in programs:
        words = relative[program][0]
        assert words[words.index("--model-file") + 1] == "nets/my_models.py"
        assert str(file) in absolute[program][0]
        # Where it lies is no part of what a job depends on.
        assert specs_of(relative[program]) == specs_of(absolute[program])
    assert "results/t/training/records/my_models_build-serial-1/b1.json" in str(relative["train"])
    file.write_text(MINE + "# edited\n")
    edited = planned({"model": "nets/my_models.py:build"})
    for program in programs[:2]:
        before, after = (list(map(json.loads, specs_of(plan[program]))) for plan in (relative, edited))
        digests = [{one.pop("model_digest") for one in specs} for specs in (before, after)]
        assert not digests[0] & digests[1]
        assert sorted(before, key=json.dumps) == sorted(after, key=json.dumps)


def test_a_crop_is_what_the_network_is_described_and_trained_for(planned: Any) -> None:
    augment = [{"random_resized_crop": {"size": 32}}, {"mixup": {}}]
    found = planned({"augment": augment}, {"size": 48})
    assert spec_of(found["describe_model"][0])["size"] == 32
    spec = spec_of(found["train"][0])
    assert (spec["size"], spec["packed_size"]) == (32, 48)
    assert [name for step in spec["augment"] for name in step] == ["random_resized_crop", "mixup"]
    written_out = [{"random_resized_crop": {"size": 32, "scale": [0.08, 1]}}, {"mixup": {"alpha": 0.2}}]
    assert spec_of(planned({"augment": written_out}, {"size": 48})["train"][0]) == spec


def test_class_weights_of_another_number_of_classes_end_the_run_at_once(run: Run, tmp_path: Path) -> None:
    flags = ["--profile", "local", "--directory", str(tmp_path)]
    settings = "training={'loss': {'class_weights': [1, 2]}}"
    done = run(ROOT, "snakemake", "-n", *flags, "--config", settings, check=False)
    assert done.returncode == 1
    assert "error: training.loss.class_weights: found 2 numbers; expected one for each of the 5 classes" in done.stderr
