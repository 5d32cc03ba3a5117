"""A CSV as the source of a study: which files, of which class, and where known on which side, in which group.

With `images.track: manifest` it is cut into one list a shard, `lists/<nnnn>.csv`, before Snakemake builds its DAG: a
list is the only input of its shard's job, so the DAG does not grow with the images, and a row that changes makes stale
its own shard alone. The lists are made anew only when the manifest's size or time has changed, and rewritten only where
their content does.
"""

import csv
import io
import itertools
import posixpath
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from scripts.atomic import write_text
from scripts.errors import ImageError
from scripts.images.cut import training_images
from scripts.images.source import SPLIT_FOLDERS, Entry, check_classes, is_plain, shard_of
from scripts.spec import Spec

CANDIDATES = 4  # files of each class that a preview may show, the first good ones of them


class Summary(Spec):
    """What the Snakefile must know of the images before any job."""

    classes: dict[str, dict[str, int]]  # images of each class by the split that the source gives; "": none
    candidates: dict[str, list[str]]  # by class, paths that Snakemake can name, for the preview: of the least crc32

    @classmethod
    def of(cls, listed: Iterable[Entry]) -> "Summary":
        """The summary of the images, which are in any order."""
        classes: dict[str, Counter[str]] = {}
        ranked: dict[str, list[tuple[int, str]]] = {}
        for entry in listed:
            classes.setdefault(entry.label, Counter())[entry.split or ""] += 1
            paths = ranked.setdefault(entry.label, [])
            if is_plain(entry.path):
                paths.append((zlib.crc32(entry.line.encode()), entry.path))
        best = {label: [path for _, path in sorted(paths)[:CANDIDATES]] for label, paths in sorted(ranked.items())}
        return cls(classes=classes, candidates=best)

    @property
    def images(self) -> int:
        """All of them."""
        return sum(sum(sides.values()) for sides in self.classes.values())

    def check(self) -> None:
        """Whether a classifier can be trained and tested on these images.

        Raises:
            ImageError: one class, a class too small to be split, or one without an image in a split that is given.
        """
        check_classes({label: sum(sides.values()) for label, sides in self.classes.items()})
        given = {side for sides in self.classes.values() for side in sides} - {"", "train"}
        for label, sides in sorted(self.classes.items()):
            if lacking := given - set(sides):
                raise ImageError(f"images: {min(lacking)} is given, but holds no image of class {label!r}")

    def training_images(self, fractions: Mapping[str, float]) -> int:
        """Images that train where every image is a group of its own."""
        given = {side for sides in self.classes.values() for side in sides} - {""}
        some_free = any("" in sides for sides in self.classes.values())
        stays, is_cut = ("train", "") if some_free else ("", "train")
        free = {label: sides.get(is_cut, 0) for label, sides in self.classes.items()}
        kept = sum(sides.get(stays, 0) for sides in self.classes.values())
        return kept + training_images({label: count for label, count in free.items() if count}, fractions, given)


VERSION = 1  # of the lists' form


class Lists(Spec):
    """`lists/summary.json`: which manifest the lists were cut from."""

    stamp: tuple[str, int, int, int, int]  # the manifest's path, bytes and modification time (ns); shards; VERSION
    summary: Summary


def read_manifest(manifest: Path) -> Iterator[Entry]:
    """The rows of a CSV with the columns path and label and, where known, split, group and sha256.

    Raises:
        ImageError: the file or a column is missing, or a row cannot be used; the message names the line.
    """
    where = f"images.manifest: {manifest}"
    try:
        with manifest.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if missing := {"path", "label"} - set(rows.fieldnames or ()):
                raise ImageError(f"{where} lacks the column {', '.join(sorted(missing))}; its first line names them")
            for row in rows:
                path, label, split = row["path"], row["label"], row.get("split") or None
                if not path or not label:
                    raise ImageError(f"{where} line {rows.line_num}: expected a path and a label, found {path!r}")
                if path.startswith(("/", "../")) or path != posixpath.normpath(path) or "\0" in path:
                    raise ImageError(
                        f"{where} line {rows.line_num}: found {path!r}; expected a plain path inside the image folder"
                    )
                if split is not None and split.lower() not in SPLIT_FOLDERS:
                    raise ImageError(
                        f"{where} line {rows.line_num}: split {split!r} is none of {', '.join(SPLIT_FOLDERS)}"
                    )
                split = split and SPLIT_FOLDERS[split.lower()]
                yield Entry(path, label, split, row.get("group") or None, (row.get("sha256") or "").lower() or None)
    except (OSError, UnicodeError, csv.Error) as error:
        raise ImageError(f"{where} cannot be read: {error}") from None


def listed_once(rows: Iterable[Entry], manifest: Path) -> list[Entry]:
    """The rows sorted by path.

    Raises:
        ImageError: a path stands in two rows, or there is no row.
    """
    found = sorted(rows, key=lambda entry: entry.path)
    if not found:
        raise ImageError(f"images.manifest: {manifest} names no images")
    for one, other in itertools.pairwise(found):
        if one.path == other.path:
            raise ImageError(f"images.manifest: {manifest} names {one.path!r} twice")
    return found


def refresh_lists(manifest: Path, shards: int, folder: Path) -> Summary:
    """Bring `folder`/<nnnn>.csv, one list a shard, up to date with the manifest.

    Raises:
        ImageError: the manifest cannot be used.
    """
    try:
        there = manifest.stat()
    except OSError as error:
        raise ImageError(f"images.manifest: {manifest} cannot be read: {error.strerror}") from None
    stamp = (str(manifest), there.st_size, there.st_mtime_ns, shards, VERSION)
    known, names = folder / "summary.json", [folder / f"{shard:04d}.csv" for shard in range(shards)]
    with suppress(OSError, ValueError):  # absent, or of another version
        lists = Lists.model_validate_json(known.read_text(encoding="utf-8"))
        if lists.stamp == stamp and all(path.exists() for path in names):
            return lists.summary
    listed = listed_once(read_manifest(manifest), manifest)
    texts = [io.StringIO(newline="") for _ in range(shards)]
    writers = [csv.writer(text) for text in texts]
    for writer in writers:
        writer.writerow(Entry._fields)
    for entry in listed:
        writers[shard_of(entry.path, shards)].writerow(entry)
    for path, text in zip(names, texts, strict=True):
        new = text.getvalue()
        if not path.exists() or path.read_bytes() != new.encode():
            write_text(path, new)
    summary = Summary.of(listed)
    write_text(known, Lists(stamp=stamp, summary=summary).model_dump_json(indent=1) + "\n")
    return summary
