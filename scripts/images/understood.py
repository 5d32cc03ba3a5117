"""What a study is of, before its first job: its images, the layout that was found, and what fits nowhere.

Light, since the Snakefile asks it at every start, in each cluster job too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts.config.images import Images
from scripts.errors import ImageError
from scripts.images.known_groups import check_groups, read_groups
from scripts.images.layout import Arrangement
from scripts.images.manifest import Summary, listed_once, read_manifest, refresh_lists, unused_columns
from scripts.images.source import EXPECTED, Entry, is_nameable, look, sample_entries


@dataclass(frozen=True)
class Understood:
    """The images of a study."""

    summary: Summary
    listed: list[Entry] = field(default_factory=list)  # where each file is tracked
    odd: frozenset[str] = frozenset()  # of `listed`, the paths that Snakemake cannot take as an input
    arrangement: Arrangement | None = None  # of a folder without a manifest
    passed_over: Mapping[str, list[str]] = field(default_factory=dict)  # by the reason, what is not of the study
    groups: int = 0  # that are known
    grouped: int = 0  # images in them

    @property
    def alike(self) -> list[list[str]]:
        """Classes whose names differ by case or blanks alone: one class, most likely."""
        found: dict[str, list[str]] = {}
        for name in sorted(self.summary.classes):
            found.setdefault("".join(name.casefold().split()), []).append(name)
        return [names for names in found.values() if len(names) > 1]


def understand(images: Images, root: Path, lists: Path) -> Understood:
    """The images of `images`, whose files lie in `root`.

    Args:
        lists: where a manifest that alone is tracked is cut into lists, one a shard.

    Raises:
        ImageError: they cannot be used; the message names the setting, the file or the line.
    """
    drawn = images.folder is None and images.manifest is None
    if not drawn and not root.is_dir():
        raise ImageError(f"images.folder: {root} is not a folder; {EXPECTED}")
    listed: list[Entry] = []
    arrangement: Arrangement | None = None
    passed: dict[str, list[str]] = {}
    if images.manifest is not None:
        table = Path(images.manifest)
        if unused := unused_columns(table):
            passed["columns of the manifest"] = unused
        if images.track == "manifest":
            summary = refresh_lists(table, images.shards, lists)
        else:
            listed = listed_once(read_manifest(table), table)
            summary = Summary.of(listed)
    else:
        if drawn:
            listed = sample_entries(images.sample.per_class)
        else:
            listed, arrangement, passed = look(root, images.layout)
        summary = Summary.of(listed)
    summary.check()
    groups, grouped = summary.groups, summary.grouped
    if images.groups is not None:
        known = read_groups(Path(images.groups))
        if listed:
            check_groups(known, [entry.path for entry in listed])
        known = {entry.path: entry.group for entry in listed if entry.group is not None} | known
        groups, grouped = len(set(known.values())), len(known)
    # The sample's files, which may still have to be drawn, all have plain names.
    odd = frozenset() if drawn else frozenset(one.path for one in listed if not is_nameable(root, one.path))
    return Understood(summary, listed, odd, arrangement, passed, groups, grouped)
