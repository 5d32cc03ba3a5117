import hashlib
import http.server
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from archives import FILES, sha256, tree, unpack, write_tar, write_zip
from helping import ROOT, Run, killed_at_work

from scripts.errors import ImageError
from scripts.images.fetch_archive import RECEIPT, Extracted, fetch, parse_checksum


def test_the_same_archive_replaces_its_folder_cleanly(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip")
    unpack(archive, tmp_path / "images")
    (tmp_path / "images" / "set" / "ash" / "1.jpg").unlink()
    (tmp_path / "images" / "set" / "ash" / "stray.jpg").touch()
    unpack(archive, tmp_path / "images")
    assert tree(tmp_path / "images") == FILES
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "images"]


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "mine.jpg").touch()
    with pytest.raises(ImageError, match="images exists and was not made by fetch_archive"):
        unpack(write_zip(tmp_path / "a.zip"), tmp_path / "images")
    assert tree(tmp_path / "images") == {"mine.jpg": b""}


def test_a_folder_of_another_archive_is_left_alone(tmp_path: Path) -> None:
    unpack(write_zip(tmp_path / "a.zip", {"a/1.jpg": b"1"}), tmp_path / "images")
    with pytest.raises(ImageError, match=r"images was unpacked from .*a\.zip \(sha256:"):
        unpack(write_zip(tmp_path / "b.zip"), tmp_path / "images")
    assert tree(tmp_path / "images") == {"a/1.jpg": b"1"}


def test_an_empty_folder_is_nobodys(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    unpack(write_zip(tmp_path / "a.zip"), tmp_path / "images")
    assert tree(tmp_path / "images") == FILES


def test_an_archive_cannot_bring_a_receipt(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=f"it holds {re.escape(RECEIPT)}"):
        unpack(write_zip(tmp_path / "a.zip", {RECEIPT: b"{}"}), tmp_path / "images")
    assert not (tmp_path / "images").exists()


class Server(http.server.ThreadingHTTPServer):
    """Gives the files of a folder, and notes each path that is asked for."""

    def __init__(self, folder: Path) -> None:
        asked: list[str] = []

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_request(self, *_: object) -> None:
                asked.append(self.path)

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.asked = asked
        self.url = f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "served").mkdir()
    with Server(tmp_path / "served") as running:
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield running
        running.shutdown()


def test_a_second_call_downloads_nothing(server: Server, tmp_path: Path) -> None:
    served = write_zip(tmp_path / "served" / "a.zip")
    first = fetch(f"{server.url}/a.zip", sha256(served), tmp_path / "downloads")
    second = fetch(f"{server.url}/a.zip", sha256(served), tmp_path / "downloads")
    assert first == second
    assert first.read_bytes() == served.read_bytes()
    assert server.asked == ["/a.zip"]


def test_a_kept_archive_that_changed_is_downloaded_again(server: Server, tmp_path: Path) -> None:
    served = write_zip(tmp_path / "served" / "a.zip")
    kept = fetch(f"{server.url}/a.zip", sha256(served), tmp_path / "downloads")
    kept.write_bytes(b"cut")
    fetch(f"{server.url}/a.zip", sha256(served), tmp_path / "downloads")
    assert kept.read_bytes() == served.read_bytes()


def test_a_wrong_checksum_names_both_and_keeps_nothing(server: Server, tmp_path: Path) -> None:
    served = write_zip(tmp_path / "served" / "a.zip")
    expected = f"md5:{'0' * 32}"
    with pytest.raises(ImageError) as error:
        fetch(f"{server.url}/a.zip", expected, tmp_path / "downloads")
    assert expected in str(error.value)
    assert f"md5:{hashlib.md5(served.read_bytes()).hexdigest()}" in str(error.value)
    assert list((tmp_path / "downloads").iterdir()) == []


def test_a_missing_page_is_told_in_a_sentence(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"/gone\.zip cannot be fetched: 404"):
        fetch(f"{server.url}/gone.zip", f"md5:{'0' * 32}", tmp_path / "downloads")


def test_no_network_is_told_in_a_sentence(server: Server, tmp_path: Path) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(ImageError, match=r"/a\.zip cannot be fetched: .*Connection refused"):
        fetch(f"{server.url}/a.zip", f"md5:{'0' * 32}", tmp_path / "downloads")
    assert list((tmp_path / "downloads").iterdir()) == []


@pytest.mark.parametrize("url", ["s3://bucket/a.zip", "doi:10.5281", "doi://10.5281/zenodo.1/a.zip"])
def test_a_url_of_an_unknown_kind_is_told(url: str, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"expected http\(s\)://, ftp://, doi:"):
        fetch(url, f"md5:{'0' * 32}", tmp_path / "downloads")


def test_a_missing_archive_on_this_machine_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"nowhere\.zip is no file"):
        fetch(str(tmp_path / "nowhere.zip"), f"md5:{'0' * 32}", tmp_path / "downloads")


@pytest.mark.parametrize("given_hash", ["", "sha256:abc", "crc32:12345678", "md5:" + "0" * 64, "sha256:" + "x" * 64])
def test_a_checksum_of_another_form_is_told(given_hash: str) -> None:
    with pytest.raises(ImageError, match=r"images.archive.checksum: found .*; expected sha256:"):
        parse_checksum(given_hash)


def test_a_checksum_without_a_prefix_is_a_sha256() -> None:
    assert parse_checksum("A" * 64) == f"sha256:{'a' * 64}"


def command(archive: Path, folder: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "scripts.images.fetch_archive", "--url", str(archive), "--hash", sha256(archive)),
        *("--downloads", str(folder / "downloads"), "--folder", str(folder / "images")),
        *("--extracted", str(folder / "images.json")),
    ]


def test_the_program_says_what_it_unpacked(run: Run, tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "a.tar.gz")
    run(ROOT, *command(archive, tmp_path))
    extracted = Extracted.model_validate_json((tmp_path / "images.json").read_bytes())
    assert extracted == Extracted(url=str(archive), checksum=sha256(archive), files=3, bytes=3003)
    assert tree(tmp_path / "images") == FILES


def test_the_program_ends_with_one_line_for_a_mistake(run: Run, tmp_path: Path) -> None:
    done = run(ROOT, *command(write_zip(tmp_path / "a.zip", {"../evil": b""}), tmp_path), check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: ")


def test_a_killed_extraction_leaves_nothing_that_counts_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "a.tar", {f"a/{i}.jpg": b"x" for i in range(50)}, mode="w")
    path = killed_at_work(tmp_path, "scripts.images.fetch_archive", "shutil.copyfileobj", calls=20)
    done = subprocess.run(command(archive, tmp_path), cwd=ROOT, env=os.environ | {"PYTHONPATH": path}, check=False)
    assert done.returncode == -signal.SIGKILL
    fresh = tmp_path / ".images.unpacking" / "a"
    assert fresh.exists()
    assert not (tmp_path / "images").exists()
    assert not (tmp_path / "images.json").exists()

    small = write_tar(tmp_path / "b.tar")
    subprocess.run(command(small, tmp_path), cwd=ROOT, check=True, capture_output=True)
    assert tree(tmp_path / "images") == FILES
    assert not fresh.exists()
