"""Real and broken files: each is packed right or rejected for what it is; nothing crashes, hangs or fills memory."""

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helping import LIMITS, ROOT, pack
from PIL import Image, ImageOps

from scripts.images.decode import Decoder, DecodeSpec, decode_bytes
from scripts.images.header import read_header
from scripts.images.source import Entry

pytestmark = pytest.mark.real_images

# By category of the manifest: what a rejection must say. Every category that does not stand here is packed.
REJECTED = {
    "animated_gif": "frames or pages; expected one picture",
    "apng": "20 frames or pages",
    "bomb_gif": "decompression bomb: its header claims 4364696535 pixels",
    "bomb_ico": "decompression bomb",
    "bomb_png": "decompression bomb: its header claims 324000000 pixels",
    "bomb_png_no_data": "decompression bomb: its header claims 3600000000 pixels",
    "bomb_png_text": "damaged header: Decompressed data too large",
    "broken_png": "begins as PNG, but its header is damaged|truncated or damaged|edge shorter",
    "extreme_aspect_jpeg": "4000x1: an edge shorter than images.limits.min_edge 8",
    "header_only_jpeg": "not a picture of a known format: begins with b'\\xff\\xd8'",
    "html_named_jpg": "not a picture of a known format: begins with b'<!DOCTYPE html>",
    "ico": "a format that is not decoded",
    "jpeg2000": "16 bits a sample, of which it needs 10",
    "jpeg_bit_damage": "truncated or damaged: Corrupt JPEG data: 117 extraneous bytes",
    "jpeg_no_eoi": "truncated or damaged: Premature end of JPEG file",
    "jpeg_zero_filled": "truncated or damaged: Premature end of JPEG file",
    "text_named_jpg": "not a picture of a known format: begins with b'This file is plain text",
    "tiff_bad": "TIFF 8-bit YCbCr 480x360: truncated or damaged",
    "tiff_float": "floating-point samples of 32 bits are not decoded",
    "tiff_multipage": "3 frames or pages",
    "tiny_jpeg": "1x1: an edge shorter than images.limits.min_edge 8",
    "transparent_png": "transparent throughout",
    "truncated_jpeg": "truncated or damaged: Premature end of JPEG file",
    "webp_animated": "9 frames or pages",
    "zero_byte": "empty file",
    "zero_width_gif": "begins as GIF, but its header is damaged",
}


@pytest.fixture
def awkward(real_images: Path) -> Path:
    return real_images.parent / "awkward"


@pytest.fixture
def files(awkward: Path) -> pd.DataFrame:
    manifest = pd.read_csv(awkward / "manifest.csv")
    return manifest[manifest["path"].str.startswith(("real/", "synthesised/"))]


def test_every_awkward_file_is_packed_or_rejected_for_what_it_is(awkward: Path, files: pd.DataFrame) -> None:
    listed = [Entry(path, "awkward") for path in files["path"]]
    decoder = Decoder(DecodeSpec(size=64, steps=[{"resize": {}}]))
    pixels, table = pack(awkward, 0, listed, decoder, LIMITS)
    assert len(table) == 88
    assert len(pixels) == (table["status"] == "ok").sum() == 56
    for category, reason in zip(files["category"], table["reason"], strict=True):
        expected = REJECTED.get(category, "")
        assert any(words in reason for words in expected.split("|")), (category, reason)
        assert bool(reason) == bool(expected), (category, reason)


def test_what_is_packed_has_the_pixels_that_pillow_shows(awkward: Path, files: pd.DataFrame) -> None:
    for path in files.loc[~files["category"].isin(REJECTED), "path"]:
        data = (awkward / path).read_bytes()
        found = decode_bytes(data, read_header(data)).astype(float)
        with Image.open(io.BytesIO(data)) as image:
            if image.mode == "I;16":  # Pillow's conversion to RGB clips these
                expected = np.repeat(np.asarray(image)[..., None] / 257, 3, axis=2)
            else:
                expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"), float)
        assert found.shape == expected.shape, path
        assert np.abs(found - expected).mean() < 1.01, path


def test_awkward_files_take_less_than_a_gigabyte_and_end(awkward: Path, files: pd.DataFrame, tmp_path: Path) -> None:
    pd.DataFrame({"path": files["path"], "label": "awkward"}).to_csv(tmp_path / "m.csv", index=False)
    spec = {"decode": {"size": 64, "steps": [{"resize": {}}]}, "limits": LIMITS.model_dump(), "shards": 1}
    program = [sys.executable, "-m", "scripts.images.pack_shard", "--folder", str(awkward), "--shard", "0"]
    program += ["--manifest", str(tmp_path / "m.csv"), "--pixels", str(tmp_path / "0.npy")]
    program += ["--table", str(tmp_path / "0.parquet"), "--spec", json.dumps(spec)]
    measure = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
    measure += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)"
    done = subprocess.run(
        [sys.executable, "-c", measure, *program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300
    )
    assert int(done.stdout) < 1_000_000_000
    assert len(np.load(tmp_path / "0.npy")) == 56


def test_hostile_names_are_packed_or_rejected_by_name(awkward: Path, tmp_path: Path) -> None:
    with tarfile.open(awkward / "names_hostile.tar") as tar:
        tar.extractall(tmp_path, filter="data")
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    decoder = Decoder(DecodeSpec(size=64, steps=[{"resize": {}}]))
    _, table = pack(tmp_path, 0, [Entry(name, "a") for name in names], decoder, LIMITS)
    utf8 = [name.isprintable() or max(name) < "\udc80" for name in names]
    assert len(names) == 5
    assert (table["status"] == "ok").tolist() == utf8
    assert set(table.loc[table["status"] != "ok", "reason"]) == {"file name is not UTF-8; rename it"}
