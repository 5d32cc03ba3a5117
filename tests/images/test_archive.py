import io
import os
import shutil
import stat
import tarfile
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from archives import FILES, member, tree, unpack, write_tar, write_zip
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.errors import ImageError


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.zip", write_zip),
        ("a.tar", partial(write_tar, mode="w")),
        ("a.tar.gz", write_tar),
        ("a.tar.bz2", partial(write_tar, mode="w:bz2")),
        ("a.tar.xz", partial(write_tar, mode="w:xz")),
        ("a name without an ending", write_tar),
    ],
)
def test_an_archive_of_each_kind_is_unpacked_as_it_is(name: str, write: Callable[[Path], Path], tmp_path: Path) -> None:
    extracted = unpack(write(tmp_path / name), tmp_path / "images")
    assert tree(tmp_path / "images") == FILES
    assert (extracted.files, extracted.bytes) == (3, 3003)


def test_files_are_plain_and_new(tmp_path: Path) -> None:
    start = time.time() - 1
    unpack(write_tar(tmp_path / "a.tar"), tmp_path / "images")
    told = (tmp_path / "images" / "set" / "ash" / "1.jpg").stat()
    assert stat.S_IMODE(told.st_mode) & 0o7111 == 0
    assert told.st_mtime > start


def test_links_inside_a_tar_become_copies(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.addfile(member("b/soft.jpg", type=tarfile.SYMTYPE, linkname="../a/1.jpg"))
        archive.addfile(member("a/1.jpg", size=3), io.BytesIO(b"one"))
        archive.addfile(member("b/hard.jpg", type=tarfile.LNKTYPE, linkname="a/1.jpg"))
    extracted = unpack(tmp_path / "a.tar", tmp_path / "images")
    assert tree(tmp_path / "images") == {"a/1.jpg": b"one", "b/soft.jpg": b"one", "b/hard.jpg": b"one"}
    assert not (tmp_path / "images" / "b" / "soft.jpg").is_symlink()
    assert (extracted.files, extracted.bytes) == (3, 9)


EVIL_TAR = {
    "parent": member("a/../../evil"),
    "absolute": member("/tmp/evil"),
    "symlink out": member("a/link", type=tarfile.SYMTYPE, linkname="../../evil"),
    "absolute symlink": member("a/link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "hard link out": member("a/link", type=tarfile.LNKTYPE, linkname="../evil"),
    "link to a folder": member("a/link", type=tarfile.SYMTYPE, linkname="."),
    "dangling link": member("a/link", type=tarfile.SYMTYPE, linkname="nothing"),
    "device": member("a/zero", type=tarfile.CHRTYPE, devmajor=1, devminor=5),
    "pipe": member("a/pipe", type=tarfile.FIFOTYPE),
}
EVIL_ZIP = {
    "parent": zipfile.ZipInfo("a/../../evil"),
    "absolute": zipfile.ZipInfo("/tmp/evil"),
    "backslash": zipfile.ZipInfo("a\\..\\..\\evil"),
    "drive letter": zipfile.ZipInfo("C:/evil"),
    "symlink": zipfile.ZipInfo("a/link"),
}
EVIL_ZIP["symlink"].external_attr = (stat.S_IFLNK | 0o777) << 16


def assert_refused(archive: Path, name: str) -> None:
    """The sentence names the member, and nothing was written beside the archive or above it."""
    folder = archive.parent / "images"
    with pytest.raises(ImageError, match="refused") as error:
        unpack(archive, folder)
    assert repr(name) in str(error.value)
    assert sorted(path.name for path in archive.parent.iterdir()) == [archive.name]
    assert not (archive.parent.parent / "evil").exists()


@pytest.mark.parametrize("kind", EVIL_TAR)
def test_an_evil_member_of_a_tar_has_the_whole_archive_refused(kind: str, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as archive:
        archive.addfile(member("a/good.jpg", size=3), io.BytesIO(b"one"))
        archive.addfile(EVIL_TAR[kind])
    assert_refused(tmp_path / "evil.tar.gz", EVIL_TAR[kind].name)


@pytest.mark.parametrize("kind", EVIL_ZIP)
def test_an_evil_member_of_a_zip_has_the_whole_archive_refused(kind: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("a/good.jpg", b"one")
        archive.writestr(EVIL_ZIP[kind], b"../../evil")
    assert_refused(tmp_path / "evil.zip", EVIL_ZIP[kind].filename)


def test_a_file_behind_a_linked_folder_is_not_written_through_it(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        archive.addfile(member("a/x", size=1), io.BytesIO(b"x"))
        archive.addfile(member("a", type=tarfile.SYMTYPE, linkname="../outside"))
        archive.addfile(member("a/evil", size=1), io.BytesIO(b"x"))
    with pytest.raises(ImageError, match="its member 'a' is no file, folder or link inside"):
        unpack(tmp_path / "evil.tar", tmp_path / "images")
    assert not list((tmp_path / "outside").iterdir())


@given(names=st.lists(st.text(st.sampled_from("a./\\: é"), min_size=1, max_size=8), min_size=1, max_size=4))
@settings(deadline=None, max_examples=60)
def test_no_name_leads_out_of_the_folder(names: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("names")
    files = dict.fromkeys(names, b"x")
    for archive in (write_zip(folder / "a.zip", files), write_tar(folder / "a.tar", files)):
        try:
            unpack(archive, folder / "deep" / archive.suffix)
        except ImageError:
            assert not (folder / "deep" / archive.suffix).exists()
    assert {path.name for path in folder.iterdir()} <= {"a.zip", "a.tar", "deep"}
    assert {path.name for path in (folder / "deep").iterdir()} <= {".zip", ".tar"}


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_a_bomb_is_refused_for_what_it_unpacks_to(write: Callable[..., Path], tmp_path: Path) -> None:
    archive = write(tmp_path / "bomb", {"zeros": bytes(2_000_000)})
    assert archive.stat().st_size < 10_000
    with pytest.raises(ImageError, match=r"unpacks to 2,000,000 bytes or more; --max-bytes allows 1,000,000"):
        unpack(archive, tmp_path / "images", max_bytes=1e6)
    assert not (tmp_path / "images").exists()


def test_copies_of_linked_files_count_as_bytes(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.addfile(member("1", size=1000), io.BytesIO(bytes(1000)))
        for i in range(10):
            archive.addfile(member(f"link{i}", type=tarfile.LNKTYPE, linkname="1"))
    with pytest.raises(ImageError, match="unpacks to 11,000 bytes or more"):
        unpack(tmp_path / "a.tar", tmp_path / "images", max_bytes=5000)


def test_more_than_the_disk_has_free_is_refused(tmp_path: Path) -> None:
    size = shutil.disk_usage(tmp_path).free + 10**12
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.fileobj.write(member("large", size=size).tobuf())  # type: ignore[union-attr]
    with pytest.raises(ImageError, match=r"the disk of .*images has free"):
        unpack(tmp_path / "a.tar", tmp_path / "images", max_bytes=float("inf"))


@pytest.mark.parametrize("claimed", [10, 100_000])
def test_a_zip_that_lies_about_a_size_is_damaged(claimed: int, tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a/1.jpg": bytes(5000)})
    content = archive.read_bytes()
    assert content.count((5000).to_bytes(4, "little")) == 2
    archive.write_bytes(content.replace((5000).to_bytes(4, "little"), claimed.to_bytes(4, "little")))
    with pytest.raises(ImageError, match="damaged"):
        unpack(archive, tmp_path / "images")
    assert not (tmp_path / "images").exists()


@pytest.mark.parametrize(
    ("name", "write", "keep"),
    [
        ("a.zip", write_zip, 0.5),
        ("a.tar.gz", write_tar, 0.5),
        ("a.tar.bz2", partial(write_tar, mode="w:bz2"), 0.5),
        ("a.tar.xz", partial(write_tar, mode="w:xz"), 0.5),
        ("inside a header.tar", partial(write_tar, mode="w"), 700 / 10240),
        ("inside a file.tar", partial(write_tar, mode="w"), 3000 / 10240),
        ("empty", write_zip, 0),
    ],
)
def test_a_truncated_archive_is_damaged(name: str, write: Callable[[Path], Path], keep: float, tmp_path: Path) -> None:
    archive = write(tmp_path / name)
    os.truncate(archive, int(keep * archive.stat().st_size))
    with pytest.raises(ImageError, match="damaged"):
        unpack(archive, tmp_path / "images")
    assert not (tmp_path / "images").exists()


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_a_garbled_archive_is_damaged(kind: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).bytes(2_000_000)  # more than one read of it, at any compression
    archive = write_tar(tmp_path / "a.tar", {"a/1.jpg": noise, "a/2.jpg": b"two"}, mode=f"w:{kind}")
    content = bytearray(archive.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 9] = bytes(9)
    archive.write_bytes(content)
    with pytest.raises(ImageError, match="damaged"):
        unpack(archive, tmp_path / "images")


def test_a_garbled_header_is_no_end_of_a_tar(tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "a.tar", mode="w")
    content = bytearray(archive.read_bytes())
    content[1024:1030] = b"garble"  # the second member's name, so that its header's checksum is wrong
    archive.write_bytes(content)
    with pytest.raises(ImageError, match=r"damaged.*no header at byte 1024"):
        unpack(archive, tmp_path / "images")


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip")
    content = bytearray(archive.read_bytes())
    content[content.index(b"PK\1\2") + 8] |= 1  # APPNOTE.TXT 4.4.4: bit 0 of the flags
    archive.write_bytes(content)
    with pytest.raises(ImageError, match=r"'set/ash/1.jpg' is encrypted"):
        unpack(archive, tmp_path / "images")


def test_a_zero_byte_does_not_cut_a_name(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a/1.jpg_.txt": b"x"})
    archive.write_bytes(archive.read_bytes().replace(b"jpg_", b"jpg\0"))
    with pytest.raises(ImageError, match=r"'a/1.jpg\\x00.txt'"):
        unpack(archive, tmp_path / "images")


def test_an_archive_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="holds no files"):
        unpack(write_zip(tmp_path / "a.zip", {"folder/": b""}), tmp_path / "images")


def test_a_file_that_is_no_archive_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("<html>not found</html>" * 100)
    with pytest.raises(ImageError, match="no zip or tar archive"):
        unpack(tmp_path / "a.zip", tmp_path / "images")


def test_a_name_that_the_disk_cannot_hold_is_told(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"cannot be unpacked: .*File name too long"):
        unpack(write_zip(tmp_path / "a.zip", {"a/" + "n" * 300: b"x"}), tmp_path / "images")
    assert not (tmp_path / "images").exists()


def test_names_of_a_zip_that_does_not_say_utf8_are_utf8_or_code_page_437(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a/__.jpg": b"1", "b/_.jpg": b"2"})
    content = archive.read_bytes().replace(b"a/__.jpg", "a/é.jpg".encode()).replace(b"b/_.jpg", b"b/\x82.jpg")
    archive.write_bytes(content)
    unpack(archive, tmp_path / "images")
    assert tree(tmp_path / "images") == {"a/é.jpg": b"1", "b/é.jpg": b"2"}


def test_a_name_of_a_zip_that_says_utf8_is_not_read_twice(tmp_path: Path) -> None:
    odd = b"\xc3\xa9".decode("cp437")
    unpack(write_zip(tmp_path / "a.zip", {f"a/{odd}.jpg": b"1"}), tmp_path / "images")
    assert tree(tmp_path / "images") == {f"a/{odd}.jpg": b"1"}


@pytest.mark.real_images
def test_hostile_names_are_unpacked_as_they_are(real_images: Path, tmp_path: Path) -> None:
    archive = real_images.parent / "awkward" / "names_hostile.tar"
    unpack(archive, tmp_path / "images")
    names = {os.fsencode(path.name) for path in (tmp_path / "images" / "names_hostile").iterdir()}
    assert {b"new\nline.jpeg", b"tab\there.jpeg", b"-rf.jpeg", b"latin1_\xe9.jpeg", b"back\\slash.jpeg"} <= names
    with tarfile.open(archive) as expected:
        assert len(names) == len(expected.getmembers())
        content = expected.extractfile("names_hostile/-rf.jpeg").read()  # type: ignore[union-attr]
    assert (tmp_path / "images" / "names_hostile" / "-rf.jpeg").read_bytes() == content
