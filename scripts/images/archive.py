"""Archives of files, zip or tar, read so that nothing in them can do harm.

What a member could do is told from its header, before anything is written: leave the folder by `..`, an absolute name
or a link, be a device, or be larger than it may. No link is ever made, so none can be written through (as in
CVE-2025-4517, which passed Python's own filter): a link inside the archive becomes a copy.
"""

import contextlib
import errno
import lzma
import posixpath
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple, NoReturn

from scripts import cli
from scripts.errors import ImageError

ZIP_STARTS = (b"PK\3\4", b"PK\5\6")  # APPNOTE.TXT 4.3.7 and, of an empty archive, 4.3.16
CHUNK = 2**20  # bytes


class Member(NamedTuple):
    """A file of an archive."""

    name: str  # relative, with forward slashes, without `..`
    size: int  # bytes, unpacked; 0 of a link
    target: str | None  # of a link: the name of the member that it points to
    content: Callable[[], IO[bytes]]  # opens it; not of a link


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Damage of the archive `path`, or a name that the file system refuses, as one sentence; a full disk as it is.

    Raises:
        ImageError: the sentence.
    """
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise
        if error.errno is None:  # not of the system: gzip and bz2 say damage so
            raise ImageError(f"{path}: damaged ({error})") from error
        raise ImageError(f"{path} cannot be unpacked: {error.filename!r}: {error.strerror}") from error
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, NotImplementedError) as error:
        raise ImageError(f"{path}: damaged, or no zip or tar archive that Python can read ({error})") from error


def measure(path: Path, limit: float, allowed_by: str) -> tuple[int, int]:
    """How many files the archive has and their bytes, unpacked: from its headers alone, each of them checked.

    Raises:
        ImageError: a member is refused, or all of them are more than `limit` bytes; `allowed_by` says whose limit.
    """
    sizes: dict[str, int] = {}
    links: dict[str, str] = {}
    total = 0  # of each time that a name stands there
    with told(path):
        for member in _members(path):
            if member.target is None:
                sizes[member.name] = member.size
            else:
                links[member.name] = member.target
            total += member.size
            _check_size(path, total, limit, allowed_by)
    for name, target in links.items():
        if target not in sizes:
            _refuse(path, name, f"is a link to {target!r}, which is no file of the archive")
        total += sizes[target]
    _check_size(path, total, limit, allowed_by)
    sizes |= {name: sizes[target] for name, target in links.items()}
    if not sizes:
        raise ImageError(f"{path}: holds no files; expected an archive of images")
    return len(sizes), sum(sizes.values())


def unpack(path: Path, folder: Path, files: int) -> None:
    """Write the `files` files of the archive into `folder`, which is empty; of two with one name the later stays.

    Raises:
        ImageError: the archive is damaged, or a name cannot be stored.
    """
    links: dict[str, str] = {}
    with told(path):
        for member in cli.progress(_members(path), total=files, doing="unpack"):
            if member.target is not None:
                links[member.name] = member.target
                continue
            written = folder / member.name
            written.parent.mkdir(parents=True, exist_ok=True)
            with member.content() as content, written.open("wb") as file:
                shutil.copyfileobj(content, file, CHUNK)
                if file.tell() != member.size:
                    raise EOFError(f"member {member.name!r} has {file.tell()} of its {member.size} bytes")
        for name, target in links.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / target, folder / name)


def _members(path: Path) -> Iterator[Member]:
    """The files of an archive, each checked: none leads out of the folder that it is unpacked into."""
    with path.open("rb") as file:
        is_zip = file.read(4) in ZIP_STARTS
    yield from _zip_members(path) if is_zip else _tar_members(path)


def _zip_members(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name = info.orig_filename
            if not info.flag_bits & 0x800:  # not marked as UTF-8, so read as code page 437; many writers mean UTF-8
                with contextlib.suppress(UnicodeError):
                    name = name.encode("cp437").decode("utf-8")
            if "\\" in name or re.match("[A-Za-z]:", name):
                _refuse(path, name, "has a backslash or a drive letter; expected forward slashes")
            if info.flag_bits & 0x1:
                _refuse(path, name, "is encrypted; expected an archive without password")
            if stat.S_IFMT(info.external_attr >> 16) not in {0, stat.S_IFREG, stat.S_IFDIR}:
                _refuse(path, name, "is a link or a device; expected files and folders")
            plain = _safe_name(path, name)
            if not name.endswith("/"):
                yield Member(plain, info.file_size, None, partial(archive.open, info))


def _tar_members(path: Path) -> Iterator[Member]:
    if not hasattr(tarfile, "data_filter"):
        raise ImageError("this Python cannot unpack tar archives safely; expected 3.11.4 or newer")
    with tarfile.open(path) as archive:
        for info in iter(archive.next, None):
            archive.members.clear()  # type: ignore[attr-defined]  # millions of members would fill the memory
            name, target = _safe_name(path, info.name), None
            if not (info.isreg() or info.isdir()):
                try:
                    tarfile.data_filter(info, str(path))  # below a file there are no links to follow
                except tarfile.FilterError as error:
                    _refuse(path, info.name, f"is no file, folder or link inside the archive ({error})")
                target = posixpath.join(posixpath.dirname(name) if info.issym() else "", info.linkname)
                target = posixpath.normpath(target)
            if not info.isdir():
                yield Member(name, info.size, target, partial(archive.extractfile, info))  # type: ignore[arg-type]
        # The library takes a header that is cut or garbled for the end of the archive.
        assert archive.fileobj is not None
        archive.fileobj.seek(archive.offset)
        if archive.fileobj.read(tarfile.BLOCKSIZE).strip(b"\0"):
            raise tarfile.ReadError(f"no header at byte {archive.offset}")
        while archive.fileobj.read(CHUNK):  # to the end of the compressed stream, where its own checksum stands
            pass


def _safe_name(path: Path, name: str) -> str:
    """The name of a member as a plain relative path; refused where it could lead out of a folder."""
    if name.startswith("/") or ".." in name.split("/") or "\0" in name:
        _refuse(path, name, "leads out of the folder")
    return PurePosixPath(name).as_posix()


def _check_size(path: Path, size: int, limit: float, allowed_by: str) -> None:
    if size > limit:
        raise ImageError(f"{path}: refused, since it unpacks to {size:,} bytes or more; {allowed_by} {limit:,.0f}")


def _refuse(path: Path, name: str, reason: str) -> NoReturn:
    raise ImageError(f"{path}: refused, since its member {name!r} {reason}")
