"""List a folder of images as a CSV manifest, to look at, to edit, and to give to a study as `images.manifest`.

Input: a folder in any layout that the workflow knows (scripts/images/source.py), of up to millions of files.
Output: CSV as RFC 4180 has it, UTF-8, one row a file in order of path: `path` (relative to the folder, with forward
slashes), `label`; `split` and `group` where the layout tells them for some file; `sha256` of the bytes with `--sha256`,
empty for a file that cannot be read. A name that is not UTF-8 cannot stand in it: it is left out, and the log names it.

By hand:
    python -m scripts.images.write_manifest --folder /data/my_images --manifest manifest.csv --sha256
"""

import csv
import hashlib
from collections.abc import Iterable, Iterator
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import get_args

from scripts import cli
from scripts.atomic import replacing
from scripts.errors import ImageError
from scripts.images.layout import Layout
from scripts.images.source import Entry, entries

THREADS = 8  # reading waits for the disk, and hashing leaves the interpreter's lock


def write(listed: Iterable[Entry], manifest: Path) -> None:
    """Write `listed` to the file `manifest`, whole or not at all; a column that no entry fills is left away."""
    rows = list(listed)
    optional = [name for name in ("split", "group", "sha256") if any(getattr(row, name) is not None for row in rows)]
    columns = ["path", "label", *optional]
    with replacing(manifest) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        # The line end of RFC 4180, \r\n, is also what makes the writer quote a name that holds \r or \n.
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(columns)
        writer.writerows([getattr(row, name) for name in columns] for row in rows)


def writable(listed: Iterable[Entry]) -> Iterator[Entry]:
    """Those of `listed` that UTF-8 can hold; each other is named in the log."""
    for entry in listed:
        try:
            "".join(text for text in entry if text is not None).encode()
            yield entry
        except UnicodeEncodeError:
            cli.log.info("left out, since its name is not UTF-8: %r", entry.path)


def with_digests(folder: Path, listed: list[Entry]) -> Iterator[Entry]:
    """`listed` with the sha256 of each file's bytes, in hexadecimal digits; "" for one that cannot be read."""
    with ThreadPool(THREADS) as pool:
        found = pool.imap(partial(_digest, folder), listed, chunksize=64)
        for entry, sha256 in zip(cli.progress(listed, len(listed), "sha256"), found, strict=True):
            yield entry._replace(sha256=sha256)


def _digest(folder: Path, entry: Entry) -> str:
    try:
        with (folder / entry.path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        cli.log.info("no sha256: %r cannot be read: %s", entry.path, error.strerror)
        return ""


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--layout", choices=get_args(Layout), default="auto")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--sha256", action="store_true", help="read every file, for its digest")
    args = parser.parse_args()

    found = entries(args.folder, args.layout)
    named = list(writable(found))
    if not named:
        raise ImageError(f"{args.folder}: all of its {len(found)} file names are not UTF-8; expected names that are")
    write(with_digests(args.folder, named) if args.sha256 else named, args.manifest)
    cli.log.info("%s: %d images, %d left out", args.manifest, len(named), len(found) - len(named))


if __name__ == "__main__":
    cli.run(main)
