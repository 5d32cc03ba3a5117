"""Archives to unpack, good and evil."""

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

from scripts.images.fetch_archive import RECEIPT, Extracted, extract

FILES = {"set/ash/1.jpg": b"one", "set/ash/2.jpg": b"two" * 1000, "set/birch/é 3.jpg": b""}


def sha256(archive: Path) -> str:
    return f"sha256:{hashlib.sha256(archive.read_bytes()).hexdigest()}"


def write_zip(path: Path, files: dict[str, bytes] = FILES) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_tar(path: Path, files: dict[str, bytes] = FILES, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            archive.addfile(member(name, size=len(content), mode=0o4755), io.BytesIO(content))
    return path


def member(name: str, **values: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for key, value in values.items():
        setattr(info, key, value)
    return info


def tree(folder: Path) -> dict[str, bytes]:
    """The files below the folder, but for the receipt."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found.pop(RECEIPT, None)
    return found


def unpack(archive: Path, folder: Path, max_bytes: float = 1e9) -> Extracted:
    return extract(archive, str(archive), sha256(archive), folder, max_bytes)
