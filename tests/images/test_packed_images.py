"""Images gathered from real shard files, of sizes that do and do not fill pages."""

from pathlib import Path

import numpy as np
import pytest

from scripts.errors import ImageError
from scripts.images.shards import Shards


def write_shards(folder: Path, size: int, *lengths: int) -> list[np.ndarray]:
    rng = np.random.default_rng(size)
    shards = [rng.integers(0, 256, (length, size, size, 3), np.uint8) for length in lengths]
    for number, pixels in enumerate(shards):
        np.save(folder / f"{number:04d}.npy", pixels)
    return shards


@pytest.mark.parametrize("size", [1, 15, 64, 128])
def test_any_images_in_any_order_are_gathered_with_their_own_pixels(size: int, tmp_path: Path) -> None:
    written = write_shards(tmp_path, size, 3, 7, 1, 40)
    shards = np.repeat(np.arange(4), [3, 7, 1, 40])
    rows = np.concatenate([np.arange(length) for length in (3, 7, 1, 40)])
    order = np.random.default_rng(0).permutation(len(rows))
    images = Shards(tmp_path).images(shards[order], rows[order])
    chosen = np.array([50, 0, 17, 17, 3])
    out = np.zeros((5, size, size, 3), np.uint8)
    images.gather(chosen, out)
    for found, i in zip(out, order[chosen], strict=True):
        assert (found == written[shards[i]][rows[i]]).all()
    everything = np.zeros((51, size, size, 3), np.uint8)
    images.gather(slice(0, 51), everything)
    assert (everything == np.concatenate(written)[order]).all()


def test_shards_that_hold_no_image_asked_for_are_not_touched(tmp_path: Path) -> None:
    written = write_shards(tmp_path, 16, 2, 2, 2)
    (tmp_path / "0001.npy").write_bytes(b"no shard")
    out = np.zeros((2, 16, 16, 3), np.uint8)
    Shards(tmp_path).images(np.array([2, 0]), np.array([1, 0])).gather(slice(None), out)
    assert (out == [written[2][1], written[0][0]]).all()


@pytest.mark.parametrize("row", [2, -1])
def test_a_row_that_is_not_there_is_an_error_that_names_it(row: int, tmp_path: Path) -> None:
    write_shards(tmp_path, 16, 3, 2)
    with pytest.raises(ImageError, match=rf"0001\.npy has 2 images, expected one in row {row}"):
        Shards(tmp_path).images(np.array([0, 1]), np.array([2, row]))


def test_a_shard_that_is_missing_is_an_error_that_names_it(tmp_path: Path) -> None:
    write_shards(tmp_path, 16, 3)
    with pytest.raises(ImageError, match=r"0001\.npy is missing"):
        Shards(tmp_path).images(np.array([0, 1]), np.array([0, 0]))


@pytest.mark.parametrize(
    "content", [b"", b"no shard", pytest.param(None, id="cut"), pytest.param(np.zeros((3, 16, 16, 3)), id="float64")]
)
def test_a_file_that_is_no_whole_shard_is_an_error_that_names_it(content: object, tmp_path: Path) -> None:
    write_shards(tmp_path, 16, 3)
    file = tmp_path / "0000.npy"
    if isinstance(content, np.ndarray):
        np.save(file, content)
    else:
        file.write_bytes(file.read_bytes()[:-1] if content is None else content)
    with pytest.raises(ImageError, match=r"0000\.npy .*expected a packed shard"):
        Shards(tmp_path).images(np.array([0]), np.array([0]))


def test_what_follows_a_shard_in_its_file_overwrites_nothing(tmp_path: Path) -> None:
    written = write_shards(tmp_path, 16, 3)
    with (tmp_path / "0000.npy").open("ab") as file:
        file.write(b"x" * (4 << 20))
    out = np.zeros((1, 16, 16, 3), np.uint8)
    Shards(tmp_path).images(np.array([0]), np.array([2])).gather(slice(None), out)
    assert (out[0] == written[0][2]).all()


def test_shards_of_two_sizes_are_an_error_that_names_both(tmp_path: Path) -> None:
    write_shards(tmp_path, 16, 3)
    np.save(tmp_path / "0001.npy", np.zeros((3, 8, 8, 3), np.uint8))
    with pytest.raises(ImageError, match=r"0000\.npy \(images of \(16, 16, 3\)\) and .*0001\.npy"):
        Shards(tmp_path).images(np.array([0, 1]), np.array([0, 0]))


def test_the_mapping_ends_with_the_images(tmp_path: Path) -> None:
    write_shards(tmp_path, 16, 3)
    images = Shards(tmp_path).images(np.array([0]), np.array([0]))
    assert str(tmp_path) in Path("/proc/self/maps").read_text()
    del images
    assert str(tmp_path) not in Path("/proc/self/maps").read_text()
