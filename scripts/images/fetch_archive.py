"""Fetch an archive of images, check its checksum and unpack it into a folder: whole, or not at all.

Inputs: `--url` of a zip or tar archive (also tar.gz, tar.bz2, tar.xz): http(s), ftp, `doi:<doi>/<file>`, or a path on
this machine; `--hash`, `sha256:...` or `md5:...`. Downloads stay in `--downloads`: a second call fetches nothing.
Outputs: the folder, with the names that the archive has, as plain files that are new today: links inside the archive
become copies, owners, modes and dates are not kept; `--extracted`, written last: JSON of url, checksum, files, bytes.
The same JSON lies in the folder as `.fetch_archive.json`: only a folder with the receipt of this archive is replaced.

The whole archive is refused where a member would leave the folder, or where all of them need more than `--max-bytes` or
than the disk has free (scripts/images/archive.py).

By hand:
    python -m scripts.images.fetch_archive --url https://example.org/images.zip --hash sha256:... \\
        --downloads downloads --folder images --extracted images.json
"""

import errno
import ftplib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pooch
from pydantic import BaseModel, ValidationError

from scripts import cli
from scripts.atomic import replacing, write_text
from scripts.errors import ImageError
from scripts.images.archive import CHUNK, measure, told, unpack
from scripts.lease import lease

RECEIPT = ".fetch_archive.json"
HEX_DIGITS = {"sha256": 64, "md5": 32}
TIMEOUT = 60.0  # seconds that a server may say nothing


class Extracted(BaseModel, frozen=True):
    """What was unpacked, and from which archive."""

    url: str
    checksum: str  # sha256:... or md5:..., of the archive
    files: int
    bytes: int  # of all files, unpacked


class ProgressLog:
    """What pooch asks of a progress bar (its manual, "Custom progress bars"), as a log line at each tenth."""

    def __init__(self) -> None:
        self.total = self.done = 0  # bytes

    def update(self, size: int) -> None:
        before, self.done = self.done, min(self.done + size, self.total)
        if self.total and self.done * 10 // self.total > before * 10 // self.total:
            cli.log.info("download: %.1f of %.1f MB", self.done / 1e6, self.total / 1e6)

    def reset(self) -> None:
        """Nothing: pooch resets a bar only to fill it at the end."""

    def close(self) -> None:
        """Nothing is open."""


DOWNLOADERS: dict[str, Callable[[], Callable[[str, str, None], None]]] = {
    "http": lambda: pooch.HTTPDownloader(ProgressLog(), CHUNK, timeout=TIMEOUT),
    "https": lambda: pooch.HTTPDownloader(ProgressLog(), CHUNK, timeout=TIMEOUT),
    "doi": lambda: pooch.DOIDownloader(ProgressLog(), CHUNK, timeout=TIMEOUT),
    "ftp": lambda: pooch.FTPDownloader(timeout=TIMEOUT, chunk_size=CHUNK),
}


def parse_checksum(text: str) -> str:
    """`text` as `<algorithm>:<hexadecimal digits>` in lower case; sha256 where it names no algorithm.

    Raises:
        ImageError: another algorithm, or not its number of digits.
    """
    algorithm, _, digits = text.strip().lower().rpartition(":")
    algorithm = algorithm or "sha256"
    if not re.fullmatch(r"[0-9a-f]+", digits) or HEX_DIGITS.get(algorithm) != len(digits):
        raise ImageError(
            f"images.archive.checksum: found {text!r}; expected sha256: and 64 hexadecimal digits, or md5: and 32"
        )
    return f"{algorithm}:{digits}"


def check(archive: Path, checksum: str, url: str) -> None:
    """Raises ImageError where the file `archive`, which came from `url`, has another checksum."""
    algorithm = checksum.partition(":")[0]
    found = f"{algorithm}:{pooch.file_hash(str(archive), alg=algorithm)}"
    if found != checksum:
        raise ImageError(f"{url}: the archive has {found}; images.archive.checksum is {checksum}")


def fetch(url: str, checksum: str, downloads: Path) -> Path:
    """The archive of `url` as a file with this checksum; downloaded only where `downloads` does not hold it.

    Raises:
        ImageError: it cannot be fetched, or has another checksum; then nothing of it is kept.
    """
    if not re.match("[a-z][a-z0-9+.-]*://|doi:", url):
        archive = Path(url)
        if not archive.is_file():
            raise ImageError(f"{url} is no file; expected a zip or tar archive, or its URL")
        check(archive, checksum, url)
        return archive
    try:
        archive = downloads / str(pooch.utils.unique_file_name(url))
        download = DOWNLOADERS[pooch.utils.parse_url(url)["protocol"]]()
    except (KeyError, IndexError, ValueError):
        raise ImageError(f"{url}: expected http(s)://, ftp://, doi:<doi>/<file>, or a path on this machine") from None
    if archive.exists():
        try:
            check(archive, checksum, str(archive))
            return archive
        except ImageError as error:
            cli.log.info("%s; it is fetched again", error)
    cli.log.info("download: %s", url)
    with replacing(archive) as temporary:
        try:
            download(url, str(temporary), None)
        except (OSError, ValueError, EOFError, ftplib.Error) as error:
            if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise
            raise ImageError(f"{url} cannot be fetched: {root_cause(error)}") from error
        check(temporary, checksum, url)
    return archive


def root_cause(error: BaseException) -> BaseException:
    """The error that all others followed from: requests wraps what the system said three times."""
    while error.__context__ is not None:
        error = error.__context__
    return error


def extract(archive: Path, url: str, checksum: str, folder: Path, max_bytes: float) -> Extracted:
    """Unpack `archive`, fetched from `url`, as `folder`: it appears whole, and replaces only its own like.

    Raises:
        ImageError: the archive is damaged or refused, or `folder` holds something else; `folder` is as it was.
    """
    folder = folder.resolve()
    check_ours(folder, checksum)
    fresh, old = (folder.with_name(f".{folder.name}.{state}") for state in ("unpacking", "old"))
    for left in (fresh, old):  # by a run that was killed
        if left.exists():
            shutil.rmtree(left)
    fresh.mkdir(parents=True)
    try:
        free = shutil.disk_usage(fresh).free
        limits = (max_bytes, "--max-bytes allows"), (free, f"the disk of {folder} has free")
        files, size = measure(archive, *min(limits))
        unpack(archive, fresh, files)
        receipt = Extracted(url=url, checksum=checksum, files=files, bytes=size)
        with told(archive):
            if (fresh / RECEIPT).exists():
                raise ImageError(f"{archive}: refused, since it holds {RECEIPT}, where this program notes what it did")
            write_text(fresh / RECEIPT, as_json(receipt))
            if folder.exists():
                os.replace(folder, old)
            os.replace(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    return receipt


def check_ours(folder: Path, checksum: str) -> None:
    """Raises ImageError where `folder` holds anything but what was unpacked from the archive with this checksum."""
    try:
        found = Extracted.model_validate_json((folder / RECEIPT).read_bytes())
    except (OSError, ValidationError):
        if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
            raise ImageError(
                f"{folder} exists and was not made by fetch_archive; remove it, or name another folder"
            ) from None
        return
    if found.checksum != checksum:
        raise ImageError(
            f"{folder} was unpacked from {found.url} ({found.checksum}), not {checksum}; "
            "remove it, or name another folder"
        )


def as_json(extracted: Extracted) -> str:
    """`extracted` as text that is equal where it is."""
    return extracted.model_dump_json(indent=1) + "\n"


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--hash", required=True)
    parser.add_argument("--downloads", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--extracted", type=Path, required=True)
    parser.add_argument("--max-bytes", type=float, default=100e9, help="of all files, unpacked; 100e9 if not given")
    args = parser.parse_args()

    checksum = parse_checksum(args.hash)
    with lease(args.folder):
        args.extracted.unlink(missing_ok=True)
        archive = fetch(args.url, checksum, args.downloads)
        extracted = extract(archive, args.url, checksum, args.folder, args.max_bytes)
        write_text(args.extracted, as_json(extracted))
    cli.log.info("%s: %d files, %.1f MB", args.folder, extracted.files, extracted.bytes / 1e6)


if __name__ == "__main__":
    cli.run(main)
