import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from helping import ROOT

from scripts import config
from scripts.errors import ConfigError


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"colour": 1}, "colour: unknown key"),
        ({"training": {"worker": [1]}}, "training.worker: unknown key"),
        ({"images": {"size": "large"}}, "images.size: found 'large'"),
        ({"images": {"shards": 0}}, "images.shards: found 0"),
        ({"training": {"workers": [1, 0]}}, "training.workers[1]: found 0"),
        ({"training": {"workers": []}}, "training.workers: found []"),
        ({"training": {"workers": True}}, "training.workers: found true"),
        ({"training": {"workers": [2, 2]}}, "training.workers: [2, 2] names something twice"),
        ({"scaling": {"compare_with": ["old", "old"]}}, "scaling.compare_with: ['old', 'old'] names something twice"),
        ({"scaling": {"under_test": ["cpu_model"]}}, "scaling.under_test[0]: found 'cpu_model'"),
        ({"training": {"workers": [3]}}, "training: global_batch 32 cannot be shared equally by 3 workers"),
        (
            {"training": {"strategies": ["ddq"]}},
            "training.strategies: 'ddq' is none of ddp, fsdp, hybrid, pipeline, serial",
        ),
        ({"training": {"model": "resnet9"}}, "training.model: 'resnet9' is no classifier of torchvision"),
        ({"training": {"blocks": True}}, "training.blocks: found true; this setting is not true or false"),
        ({"training": {"tuning": {"compile": "perhaps"}}}, "training.tuning.compile: found 'perhaps'"),
        ({"training": {"precision": "fp8"}}, "training.precision"),
        ({"training": {"precision": ["bf16", "bf16"]}}, "['bf16', 'bf16'] names something twice"),
        ({"training": {"precision": "tf32", "device": "cpu"}}, "precision tf32 exists on CUDA only"),
        (
            {"training": {"precision": "fp16", "strategies": ["serial", "fsdp"]}},
            "precision fp16 needs a loss scale that all ranks share, which fsdp has not; choose bf16",
        ),
        (
            {"training": {"tuning": {"sync_batchnorm": True}, "device": "cpu"}},
            "tuning.sync_batchnorm is torch's SyncBatchNorm, which exists on CUDA only",
        ),
        ({"training": {"micro_batch": 1}}, "micro_batch: found 1; it cuts the 32 images of a worker into pieces"),
        (
            {"training": {"strategies": ["serial", "pipeline"], "pipeline": {"microbatches": [5]}}},
            "pipeline.microbatches: found 5; expected a number that cuts the 32 images of a pipeline's step",
        ),
        (
            {"training": {"strategies": ["serial", "pipeline"], "workers": [1, 8], "pipeline": {"microbatches": [4]}}},
            "pipeline.microbatches: found 4; schedule 1f1b needs one for each of the 8 stages at least",
        ),
        (
            {"training": {"strategies": ["serial", "hybrid"], "pipeline": {"hybrid_workers": [3]}}},
            "pipeline.hybrid_workers: found 3; expected a multiple of pipeline.hybrid_stages",
        ),
        (
            {"training": {"strategies": ["serial", "fsdp"], "tuning": {"compile": True}}},
            "tuning.compile is offered for serial and ddp, where it was tried; found it for fsdp",
        ),
        ({"training": {"variants": {"weak": {}}}}, "'weak' means something else in a point's id"),
        ({"training": {"predict": {"point": "x"}}}, "predict.point: found 'x'; expected one of resnet18-serial-1"),
        ({"training": {"workers": [2], "threads": 2, "cores_at_most": 1}}, "cores_at_most 1 leaves no point"),
        ({"training": {"optimizer": {"lr": -1}}}, "training.optimizer.lr: found -1"),
        ({"loading": {"backends": ["serial", "pool"]}}, "loading.backends: 'pool' is none of"),
        ({"loading": {"backends": ["packed"]}}, "loading.backends: must hold 'serial'"),
        ({"loading": {"blocks": 1.5}}, "loading.blocks: found 1.5"),
        ({"training": {"blocks": 1001}}, "training.blocks: found 1001"),
        (
            {"scaling": {"claims": [{"point": "a", "against": "b", "times": "about 2"}]}},
            "scaling.claims[0].times: found 'about 2'; expected a number above 0 in plain digits, as 1.8 or '1.80'",
        ),
        ({"scaling": {"claims": [{"point": "a", "against": "b", "times": 0}]}}, "scaling.claims[0].times: found '0'"),
        ({"images": {"fractions": {"train": 0.9}}}, "images.fractions: add up to 1.1, not to 1"),
        ({"images": {"steps": [{"resise": {}}]}}, "images.steps: 'resise' is none of bilateral"),
        ({"images": {"steps": [{"clahe": {}}]}}, "images.steps: no step makes all images the same size: add `resize`"),
        ({"images": {"steps": [{"resize": {}}, {"decode": {}}]}}, "decode makes pixels of a file, so it stands first"),
        (
            {"images": {"steps": [{"resize": {}}, {"colour_space": {"to": "hsv"}}, {"clahe": {}}]}},
            "clahe needs RGB, but it stands after colour_space, which leaves hsv",
        ),
        ({"images": {"layout": "flat"}}, "images.layout: found 'flat'"),
        ({"images": {"track": "manifest"}}, "images: track: found 'manifest' without images.manifest"),
        ({"images": {"archive": {"url": "x.zip"}}}, "images.archive: url 'x.zip' needs a checksum"),
        (
            {"images": {"archive": {"url": "x.zip", "checksum": "sha256:" + 64 * "0"}}},
            "images: archive: needs images.folder, where it is extracted to",
        ),
        ({"images": {"limits": {"max_pixels": 10**9}}}, "images.limits.max_pixels: found 1000000000"),
        (
            {"images": {"archive": {"url": "x.zip", "checksum": "sha256:00"}}},
            "images.archive.checksum: found 'sha256:00'",
        ),
        ({"images": {"folder": "raw{x}"}}, "images.folder: found 'raw{x}'; Snakemake cannot name files with braces"),
        ({"images": {"near_duplicates": 65}}, "images.near_duplicates: found 65"),
        (
            {"images": {"steps": [{"resize": {"interpolation": "nearest"}}]}},
            "images.steps: resize.interpolation: found 'nearest'",
        ),
        ({"scaling": {"baseline": "serial-2"}}, "scaling.baseline: found 'serial-2'; expected one of serial-1, ddp-1"),
        ({"scaling": {"confidence": 95}}, "scaling.confidence: found 95"),
        ({"study": "../up"}, "study: found '../up'"),
        ({"study": 202305}, 'study: found 202305; input should be a valid string; in quotes, "2023_05", it is text'),
        ({"images": {"folder": 1}}, "images.folder: found 1; input should be a valid string; in quotes"),
        (
            {"training": {"weights": "w.pt", "model": ["resnet18", "resnet50"]}},
            "weights 'w.pt' can be of one model only",
        ),
        (
            {"training": {"augment": [{"mixup": {"alpha": 0}}]}},
            "training.augment: mixup.alpha: found 0; Input should be greater than 0",
        ),
        ({"training": {"augment": [{"rotate": {}}]}}, "training.augment: 'rotate' is none of colour_jitter, cutmix"),
        ({"training": {"augment": [{"random_erasing": {"scale": [0.5, 1.5]}}]}}, "random_erasing.scale.1: found 1.5"),
        (
            {"training": {"augment": [{"random_resized_crop": {"scale": [1, 0.5]}}]}},
            "training.augment: random_resized_crop.scale: found [1, 0.5]; Value error, expected the least first",
        ),
        (
            {"images": {"size": 128}, "training": {"augment": [{"random_resized_crop": {"size": 224}}]}},
            "training.augment: random_resized_crop.size: found 224; expected at most 128, which is images.size",
        ),
        (
            {"loading": {"augment": True}, "training": {"augment": [{"mixup": {}}]}},
            "loading.augment: found true beside no step of training.augment that takes one image",
        ),
        (
            {"training": {"sampling": "balanced", "loss": {"class_weights": "balanced"}}},
            "training: sampling: found 'balanced' beside loss.class_weights; expected one of the two",
        ),
        ({"training": {"loss": {"class_weights": [1, -1]}}}, "training.loss.class_weights"),
        ({"training": {"loss": {"label_smoothing": 1}}}, "training.loss.label_smoothing: found 1"),
        ({"training": {"tuning": {"augment_on": "disk"}}}, "training.tuning.augment_on: found 'disk'"),
        ({"training": {"workers": [32]}}, "global_batch 32 gives 32 workers one image each"),
        ({"training": {"threads": 4}}, "scaling.baseline: found 'serial-1'; expected one of serial-1x4, ddp-1x4"),
        ({"study": None}, "study is null, which takes the name of images.folder, and that is null too"),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_found(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        config.read(raw)


def test_a_plan_without_a_solver_that_may_run_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulp.PULP_CBC_CMD._permissions_ok", False)
    with pytest.raises(ConfigError, match=r"plan\.jobs: its solver /.*/cbc cannot be run; expected a file that may be"):
        config.read({"plan": {"jobs": [{"name": "final"}]}})
    config.read({})


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        config.read({"colour": 1, "images": {"size": 0}})
    assert "colour" in str(error.value)
    assert "images.size" in str(error.value)


@pytest.mark.parametrize(("written", "digits"), [("1.8", "1.8"), ("'1.80'", "1.80"), ("24", "24"), ("2.0", "2.0")])
def test_a_claim_keeps_the_digits_that_it_was_written_with(written: str, digits: str) -> None:
    raw = yaml.safe_load(f"scaling: {{claims: [{{point: a, against: b, times: {written}}}]}}")
    assert config.read(raw).scaling.claims[0].times == digits


def test_numbers_from_the_command_line_arrive_as_text() -> None:
    study = config.read(
        {"training": {"workers": ["1", "2"], "optimizer": {"lr": "1e-3"}}, "images": {"folder": "null"}}
    )
    assert study.training.workers == [1, 2]
    assert study.training.optimizer.lr == 0.001
    assert study.images.folder is None


def test_a_study_can_take_the_name_of_its_folder() -> None:
    assert config.read({"study": None, "images": {"folder": "/data/my_images"}}).study == "my_images"
    assert config.read({"study": None, "images": {"folder": "/data/My images (2024)"}}).study == "My_images_2024"
    assert config.read({"study": None, "images": {"manifest": "/data/slides.csv"}}).study == "slides"


@pytest.mark.parametrize(
    "path",
    [ROOT / "config/config.yaml", *sorted((ROOT / "config/studies").rglob("*.yaml"))],
    ids=lambda path: path.stem,
)
def test_every_study_that_ships_is_valid(path: Path) -> None:
    raw = yaml.safe_load(path.read_text())
    if path.stem in {"folder", "loading", "strategies"}:
        raw["images"]["folder"] = "/data/my_images"
    config.read(raw)


def test_the_demo_study_writes_out_the_defaults() -> None:
    raw = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    given, default = config.read(raw), config.read({})
    assert set(given.loading.backends) < set(default.loading.backends)  # all of them would take a demo too long
    assert given.model_copy(update={"loading": default.loading}) == default.model_copy(
        update={"loading": default.loading}
    )
