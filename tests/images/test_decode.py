import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from helping import write_jpeg
from PIL import Image

from scripts.errors import ImageError
from scripts.images.decode import Decoder, DecodeSpec, decode_reduced

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


@pytest.mark.parametrize(("edge", "reduced"), [(40, 40), (64, 32), (130, 33), (256, 32), (255, 64), (600, 75)])
def test_a_jpeg_is_scaled_in_the_decoder_while_it_stays_large_enough(tmp_path: Path, edge: int, reduced: int) -> None:
    write_jpeg(tmp_path / "a.jpg", seed=1, size=edge)
    assert decode_reduced((tmp_path / "a.jpg").read_bytes(), 32).shape == (reduced, reduced, 3)


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


def test_the_orientation_of_exif_is_applied(tmp_path: Path) -> None:
    image = Image.new("RGB", (64, 64))
    image.paste((255, 255, 255), (0, 0, 64, 32))  # white above
    exif = Image.Exif()
    exif[0x0112] = 3  # turned upside down
    image.save(tmp_path / "turned.jpg", exif=exif)
    pixels = Decoder(SPEC)(tmp_path / "turned.jpg")
    assert pixels[:10].max() < 20
    assert pixels[-10:].min() > 235


def test_broken_files_are_refused_with_their_reason(tmp_path: Path) -> None:
    write_jpeg(tmp_path / "whole.jpg", seed=3, size=200)
    whole = (tmp_path / "whole.jpg").read_bytes()
    cases = {"empty file": b"", "not an image": b"hello" * 99, "truncated or damaged": whole[: len(whole) // 2]}
    for reason, content in cases.items():
        (tmp_path / "x.jpg").write_bytes(content)
        with pytest.raises(ImageError, match=reason):
            Decoder(SPEC)(tmp_path / "x.jpg")
    with pytest.raises(ImageError, match="cannot be read"):
        Decoder(SPEC)(tmp_path / "absent.jpg")


def test_a_decoder_can_be_sent_to_another_process(tmp_path: Path) -> None:
    write_jpeg(tmp_path / "a.jpg", seed=4)
    decoder = Decoder(SPEC)
    assert (pickle.loads(pickle.dumps(decoder))(tmp_path / "a.jpg") == decoder(tmp_path / "a.jpg")).all()
