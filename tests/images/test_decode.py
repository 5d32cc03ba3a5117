import io
import pickle
import sys
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import pytest
from format_grid import palette_picture
from helping import ROOT, run, write_jpeg
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from write_picture import write_gif

from scripts.errors import ImageError
from scripts.images.decode import Decoder, DecodeSpec, decode_bytes
from scripts.images.header import read_header

SPEC = DecodeSpec(size=32, steps=[{"resize": {}}])


def test_a_jpeg_becomes_rgb_of_the_target_size(tmp_path: Path) -> None:
    red = np.zeros((100, 140, 3), np.uint8)
    red[..., 2] = 250  # OpenCV writes BGR
    cv2.imwrite(str(tmp_path / "red.jpg"), red)
    pixels = Decoder(SPEC)(tmp_path / "red.jpg")
    assert pixels.shape == (32, 32, 3)
    assert pixels.dtype == np.uint8
    assert pixels[..., 0].min() > 240
    assert pixels[..., 1:].max() < 10


@pytest.mark.parametrize(
    ("edge", "least", "reduced"),
    [(40, 32, 40), (64, 32, 32), (130, 32, 33), (256, 32, 32), (600, 32, 75), (600, 64, 75)],
)
def test_a_jpeg_is_scaled_in_the_decoder_while_it_stays_large_enough(
    edge: int, least: int, reduced: int, tmp_path: Path
) -> None:
    write_jpeg(tmp_path / "a.jpg", seed=1, size=edge)
    data = (tmp_path / "a.jpg").read_bytes()
    assert decode_bytes(data, read_header(data), least).shape == (reduced, reduced, 3)


def test_the_decode_step_sets_how_far_a_jpeg_is_scaled(tmp_path: Path) -> None:
    write_jpeg(tmp_path / "a.jpg", seed=1, size=600)
    data, edges = (tmp_path / "a.jpg").read_bytes(), {}
    for name, chosen in {"default": {}, "twice": {"at_least": 2}, "full": {"scaling": "none"}}.items():
        decoder = Decoder(DecodeSpec(size=32, steps=[{"decode": chosen}, {"resize": {}}]))
        edges[name] = decoder.stages(data, read_header(data))[0][1].shape[0]
    assert edges == {"default": 75, "twice": 75, "full": 600}


def test_scaled_decoding_stays_near_full_decoding(tmp_path: Path) -> None:
    write_jpeg(tmp_path / "a.jpg", seed=2, size=600)
    scaled = Decoder(SPEC)(tmp_path / "a.jpg")
    full = cv2.resize(cv2.imread(str(tmp_path / "a.jpg")), (32, 32), interpolation=cv2.INTER_AREA)[..., ::-1]
    assert np.abs(scaled.astype(int) - full).mean() < 3


def test_gray_and_transparent_files_become_rgb(tmp_path: Path) -> None:
    Image.new("L", (50, 50), 77).save(tmp_path / "gray.png")
    Image.new("RGBA", (50, 50), (10, 20, 30, 40)).save(tmp_path / "alpha.png")
    assert (Decoder(SPEC)(tmp_path / "gray.png") == 77).all()
    assert Decoder(SPEC)(tmp_path / "alpha.png").shape == (32, 32, 3)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "TIFF", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_exif_is_applied_to_every_format(kind: str, orientation: int) -> None:
    image = Image.new("RGB", (64, 48))
    image.paste((255, 0, 0), (0, 0, 32, 16))
    image.paste((0, 255, 0), (32, 0, 64, 24))
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    image.save(file, kind, exif=exif, **({"quality": 95, "subsampling": 0} if kind == "JPEG" else {"lossless": True}))
    expected = np.asarray(ImageOps.exif_transpose(Image.open(file)).convert("RGB"))
    found = decode_bytes(file.getvalue(), read_header(file.getvalue()))
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).mean() < 1


def test_16_bit_samples_keep_their_high_byte(tmp_path: Path) -> None:
    levels = np.arange(0, 65536, 16, dtype=np.uint16).reshape(64, 64)
    cv2.imwrite(str(tmp_path / "deep.png"), levels)
    data = (tmp_path / "deep.png").read_bytes()
    assert np.abs(decode_bytes(data, read_header(data))[..., 1].astype(int) - levels / 257).max() <= 1


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("bits", [10, 12, 14])
def test_an_x_ray_that_fills_a_part_of_16_bits_is_refused_with_what_to_do(kind: str, bits: int) -> None:
    levels = np.linspace(0, 2**bits - 1, 4096).astype(np.uint16).reshape(64, 64)
    file = io.BytesIO()
    Image.fromarray(levels).save(file, kind)
    words = f"16 bits a sample, of which it needs {bits}: .* apply a window, or multiply by {2 ** (16 - bits)}, "
    with pytest.raises(ImageError, match=words):
        decode_bytes(file.getvalue(), read_header(file.getvalue()))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("WEBP", {"lossless": True, "exact": True}),
        ("AVIF", {"quality": 100, "subsampling": "4:4:4"}),
        ("JPEG2000", {}),
        ("TIFF", {}),
        ("BMP", {}),
    ],
)
def test_colours_are_as_stored_whatever_the_alpha(kind: str, options: dict[str, object]) -> None:
    y, x = np.mgrid[:48, :64]
    colours = np.stack([255 - x * 3, y * 5, x], -1).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(np.dstack([colours, (255 - y * 5).astype(np.uint8)])).save(file, kind, **options)
    found = decode_bytes(file.getvalue(), read_header(file.getvalue()))
    assert np.abs(found.astype(int) - colours).max() <= (3 if kind == "AVIF" else 0)  # whose YCbCr is not reversible


def test_a_transparent_index_of_a_gif_keeps_its_colour() -> None:
    indices, colours = palette_picture(8)
    data = write_gif(indices, colours, transparent=7)
    assert (decode_bytes(data, read_header(data)) == colours[indices]).all()


def test_a_picture_that_is_transparent_throughout_is_refused(tmp_path: Path) -> None:
    Image.new("RGBA", (50, 50), (10, 20, 30, 0)).save(tmp_path / "nothing.png")
    with pytest.raises(ImageError, match="transparent throughout"):
        Decoder(SPEC)(tmp_path / "nothing.png")


def test_broken_files_are_refused_with_their_reason(tmp_path: Path) -> None:
    write_jpeg(tmp_path / "whole.jpg", seed=3, size=200)
    whole = (tmp_path / "whole.jpg").read_bytes()
    cases = {"empty file": b"", "not a picture": b"hello" * 99, "Premature end": whole[: len(whole) // 2]}
    for reason, content in cases.items():
        (tmp_path / "x.jpg").write_bytes(content)
        with pytest.raises(ImageError, match=reason):
            Decoder(SPEC)(tmp_path / "x.jpg")
    with pytest.raises(ImageError, match="cannot be read"):
        Decoder(SPEC)(tmp_path / "absent.jpg")


def test_damage_inside_a_jpeg_that_keeps_its_length_is_found() -> None:
    rng, file = np.random.default_rng(0), io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (200, 200, 3), np.uint8)).save(file, "JPEG")
    data = bytearray(file.getvalue())
    data[len(data) // 2 : len(data) // 2 + 40] = rng.bytes(40)
    with pytest.raises(ImageError, match="truncated or damaged: Corrupt JPEG data"):
        decode_bytes(bytes(data), read_header(bytes(data)))


MARKERS = {"DQT": b"\xff\xdb", "SOF": b"\xff\xc0", "DHT": b"\xff\xc4", "SOS": b"\xff\xda"}


@pytest.mark.parametrize("segment", MARKERS)
def test_bytes_before_a_segment_of_a_jpeg_harm_nothing_and_hide_no_damage(segment: str) -> None:
    rng, file = np.random.default_rng(0), io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (200, 200, 3), np.uint8)).save(file, "JPEG")
    whole = file.getvalue()
    junk = whole.replace(MARKERS[segment], b"junk" + MARKERS[segment], 1)
    assert (decode_bytes(junk, read_header(junk)) == decode_bytes(whole, read_header(whole))).all()
    hurt, middle = bytearray(junk), len(junk) // 2
    hurt[middle : middle + 40] = rng.bytes(40)
    with pytest.raises(ImageError, match="truncated or damaged: Corrupt JPEG data"):
        decode_bytes(bytes(hurt), read_header(bytes(hurt)))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_lossless_jpeg_is_decoded_and_never_scaled(channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (128, 128, channels), np.uint8)
    data = imagecodecs.jpeg8_encode(pixels.squeeze(), lossless=True)
    assert (decode_bytes(data, read_header(data), least_edge=16) == pixels).all()


def test_the_zeroed_half_of_a_jpeg_2000_is_found() -> None:
    rng, file = np.random.default_rng(0), io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8)).save(file, "JPEG2000")
    half = len(file.getvalue()) // 2
    hurt = file.getvalue()[:half] + bytes(half)
    with pytest.raises(ImageError, match="truncated or damaged: "):
        decode_bytes(hurt, read_header(hurt))


@given(st.integers(0, 2**32 - 1), st.integers(0, 100_000), st.integers(1, 64))
@settings(deadline=None, max_examples=60)
def test_no_damage_to_a_file_is_more_than_an_image_error(seed: int, at: int, length: int) -> None:
    rng = np.random.default_rng(seed)
    kind = ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "JPEG2000"][seed % 8]
    file = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (24, 24, 3), np.uint8)).resize((96, 96)).save(file, kind)
    data = bytearray(file.getvalue())
    at %= len(data)
    data[at : at + length] = rng.bytes(length)
    try:
        image = decode_bytes(bytes(data), read_header(bytes(data)), 32)
    except ImageError:
        return
    assert image.dtype == np.uint8
    assert image.ndim == 3


def test_a_decoder_that_is_sent_with_each_chunk_is_made_once_in_a_process(tmp_path: Path) -> None:
    write_jpeg(tmp_path / "a.jpg", seed=4)
    decoder = Decoder(SPEC)
    first, second = (pickle.loads(pickle.dumps(decoder)) for _ in range(2))
    assert first is second
    assert (first(tmp_path / "a.jpg") == decoder(tmp_path / "a.jpg")).all()
    other = pickle.loads(pickle.dumps(Decoder(DecodeSpec(size=16, steps=[{"resize": {}}]))))
    assert other(tmp_path / "a.jpg").shape == (16, 16, 3)


def test_jpegs_are_decoded_without_the_libraries_of_tiffs(pictures: Path) -> None:
    program = """
import pickle, sys
from pathlib import Path
from scripts.images.decode import Decoder, DecodeSpec

decoder = pickle.loads(pickle.dumps(Decoder(DecodeSpec(size=32, steps=[{"resize": {}}]))))
decoder(next(Path(sys.argv[1]).rglob("*.jpg")))
print(*sorted({"tifffile", "imagecodecs"} & sys.modules.keys()))
"""
    done = run(ROOT, sys.executable, "-c", program, str(pictures), fresh=True)
    assert done.stdout == "\n"
