"""Decoders of other libraries: what they give, and how their rows stand beside the study's own."""

import json
import pickle
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from loading_study import DECODE, Packed
from pydantic import ValidationError

from scripts import registry
from scripts.config.loading import Loading
from scripts.errors import ImageError
from scripts.images.decode import DecodeSpec
from scripts.loading.backend import DECODERS, OWN, RAW, Item
from scripts.loading.measuring import reference_digest
from scripts.loading.points import decoder_class
from scripts.loading.reading.chain import chain
from scripts.loading.reading.load import LoadRaw
from scripts.scaling.tables.tabulate_loading import rows

NAMES = [name for name in registry.names(DECODERS) if find_spec(decoder_class(name).module)]
FULL = DecodeSpec(size=16, steps=[{"decode": {"scaling": "none"}}, {"resize": {"interpolation": "area"}}])


def pixels(packed: Packed, decoder: str, path: str, spec: DecodeSpec = DECODE) -> np.ndarray:
    return LoadRaw(packed.folder, spec, decoder)(Item(0, path, 0, 0))[1]


@pytest.mark.parametrize("name", NAMES)
def test_a_decoder_shows_the_picture(name: str, packed: Packed) -> None:
    path = packed.images.paths[0]
    found = pixels(packed, name, path)
    assert (found.shape, found.dtype) == ((16, 16, 3), np.uint8)
    full = pixels(packed, OWN, path, FULL).astype(int)
    assert np.abs(found - full).mean() < 6
    assert np.abs(found[..., ::-1] - full).mean() > 2 * np.abs(found - full).mean()  # red is red


@pytest.mark.parametrize("name", NAMES)
def test_a_decoder_that_scales_gives_a_smaller_picture_unless_it_is_told_not_to(name: str, packed: Packed) -> None:
    kind, data = decoder_class(name), (packed.folder / packed.images.paths[0]).read_bytes()
    in_full = kind(0)(data)
    assert (kind(8)(data).size < in_full.size) == kind.scales
    assert min(kind(8)(data).shape[:2]) >= 8


def test_libvips_works_on_the_one_thread_that_a_worker_has() -> None:
    import pyvips

    pyvips.vips_lib.vips_concurrency_set(3)
    decoder_class("pyvips")(16)
    assert pyvips.vips_lib.vips_concurrency_get() == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_decoder_that_fails_is_named_and_goes_to_workers(name: str) -> None:
    there = pickle.loads(pickle.dumps(chain(DECODE, name)))
    with pytest.raises(ImageError, match=f"^{name}: "):
        there(b"\xff\xd8\xff\xe0 no picture")


def reference_of(packed: Packed, decoder: str, folder: Path) -> dict[str, object]:
    spec = {"decode": DECODE.model_dump(), "augment": None}
    flags = {"folder": packed.folder, "split": packed.split, "decoder": decoder, "reference": folder / "made.json"}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["x", *(f"--{k}={v}" for k, v in flags.items()), f"--spec={json.dumps(spec)}"])
        reference_digest.main()
    found: dict[str, object] = json.loads((folder / "made.json").read_text())
    return found


def test_the_reference_of_a_decoder_tells_how_far_its_pixels_are_from_a_full_decode(
    packed: Packed, tmp_path: Path
) -> None:
    own, full, draft = (reference_of(packed, name, tmp_path) for name in (OWN, "opencv", "pillow_draft"))
    assert own["digest"] == packed.reference["digest"]
    assert full["digest"] != draft["digest"]
    assert 0 <= float(str(full["error"])) < float(str(draft["error"])) < 10


def test_a_launch_counts_only_with_the_pixels_of_its_own_decoder(packed: Packed, tmp_path: Path) -> None:
    reference = reference_of(packed, "pillow", tmp_path)
    good = packed.launch("serial", chunk=1, decoder="pillow", decoded=reference)
    assert good.validity.ok, good.validity.faults
    assert good.loaded is not None
    assert good.loaded.decode_error == reference["error"]
    assert good.key["images"] == packed.reference["digest"]
    wrong = packed.launch("serial", chunk=1, decoder="pillow_draft", decoded=reference)
    assert [fault.parameter for fault in wrong.validity.faults] == ["pixel digest"]


def test_a_decoder_stands_in_the_table_and_is_no_way_to_load(packed: Packed, tmp_path: Path) -> None:
    reference = reference_of(packed, "pillow", tmp_path)
    other = packed.launch("serial", chunk=1, decoder="pillow", decoded=reference)
    beside = [packed.launch(name, chunk=1) for name in ("serial", "headspace", "decode_only")]
    records = {one.point_id: [one] for one in (*beside, other)}
    assert other.point_id == "serial-1-pillow"
    own, row = rows(records, ["serial-1", other.point_id], confidence=0.95)
    assert own.whole_seconds is not None
    assert (own.way, "decoder" in own.marks, own.decoder) == (True, False, OWN)
    assert (row.way, row.decoder, row.decode_error, row.baseline) == (False, "pillow", reference["error"], "serial-1")
    assert "decoder" in row.marks.split()
    assert row.speedup is not None
    assert row.whole_seconds is None


def test_a_study_names_decoders_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    points = Loading(backends=["serial", "threads"], decoders=["pillow"]).points()
    assert [(p.backend, p.source, p.workers) for p in points.values() if p.decoder == "pillow"] == [("serial", RAW, 1)]
    with pytest.raises(ValidationError, match="'ffcv' is none of"):
        Loading(decoders=["ffcv"])
    monkeypatch.setattr(decoder_class("pillow"), "module", "no_such_module")
    lacking = Loading(decoders=["pillow"])
    assert lacking.skipped() == {"pillow": "the package pillow is not installed"}
    assert "serial-1-pillow" not in lacking.points()
