"""What is edited, one thing at a time, of studies that have been made: the rows of docs/staleness.md."""

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pandas as pd
from helping import write_jpeg
from made_study import MadeStudy
from staleness_studies import FRACTIONS, STUDIES

from scripts.images.split import assign_splits

NEXT_YEAR = 2_000_000_000 * 10**9  # ns
RECORD = "results/pictures/training/records/resnet18-ddp-2/b1.json"


class Row(NamedTuple):
    """An edit.

    Args:
        name: on the page.
        settings: what it changes of the config.
        edit: what it changes of the checkout.
        studies: those that are planned with it.
        flags: of Snakemake.
    """

    name: str
    settings: Mapping[str, Any] = {}
    edit: Callable[[MadeStudy], object] = lambda _: None
    studies: tuple[str, ...] = ("pictures",)
    flags: tuple[str, ...] = ()


def jpeg(made: MadeStudy, seed: int) -> bytes:
    path = made.folder / "a.jpg"
    write_jpeg(path, seed)
    content = path.read_bytes()
    path.unlink()
    return content


def another_picture(side: str) -> Callable[[MadeStudy], object]:
    """Another content for a picture of a side; for one that validates, one with which the same train."""

    def edit(made: MadeStudy) -> None:
        index = pd.read_parquet(made.folder / "results/pictures/images/index.parquet")
        images = index[index["status"] == "ok"].reset_index(drop=True)
        before = assign_splits(images, FRACTIONS, seed=0)
        path = images["path"][before == side].iloc[0]
        for seed in range(900, 1000):
            content = jpeg(made, seed)
            group = images["group"].mask(images["path"] == path, f"sha256:{hashlib.sha256(content).hexdigest()}")
            after = assign_splits(images.assign(group=group), FRACTIONS, seed=0)
            if side == "train" or before.eq("train").equals(after.eq("train")):
                break
        made.edit(f"pictures/{path}", content)

    return edit


def exchanged(made: MadeStudy) -> None:
    for name, to in (("one", "aside"), ("two", "one"), ("aside", "two")):
        made.move(f"pictures/birch/{name}.bmp", f"pictures/birch/{to}.bmp")


def elsewhere(made: MadeStudy) -> None:
    for path in sorted((made.folder / "pictures").rglob("*.*")):
        made.edit(f"elsewhere/{path.relative_to(made.folder / 'pictures')}", path.read_bytes(), path.stat().st_mtime_ns)


def in_a_manifest(made: MadeStudy) -> None:
    paths = sorted(path.relative_to(made.folder / "pictures").as_posix() for path in made.folder.glob("pictures/*/*"))
    made.edit("all.csv", "\n".join(["path,label", *(f"{path},{path.partition('/')[0]}" for path in paths), ""]))


def installed(package: str, version: str) -> Callable[[MadeStudy], object]:
    """As if another version of a package were installed."""
    text = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
    return lambda made: made.edit(f"{package}-{version}.dist-info/METADATA", text)


def locked(package: str) -> Callable[[MadeStudy], object]:
    def edit(made: MadeStudy) -> None:
        lock = (made.folder / "requirements.lock").read_text()
        made.edit("requirements.lock", re.sub(rf"^{package}==\S+", f"{package}==99.0", lock, flags=re.M))

    return edit


def edited(*names: str) -> Callable[[MadeStudy], object]:
    """A comment at the end of files."""

    def edit(made: MadeStudy) -> None:
        for name in names:
            comment = "\n{# edited #}\n" if name.endswith(".jinja") else "\n# edited\n"
            made.edit(name, (made.folder / name).read_text() + comment)

    return edit


def edited_back(made: MadeStudy) -> None:
    name = "scripts/record.py"
    before = (made.folder / name).read_text()
    edited(name)(made)
    made.plan({"study": "pictures"} | STUDIES["pictures"][0], ["all"])
    made.edit(name, before)


def touched(name: str) -> Callable[[MadeStudy], object]:
    return lambda made: made.edit(name)


def previewed(made: MadeStudy) -> None:
    """Touch a picture that the preview shows."""
    lines = (made.folder / ".snakemake/raw/pictures/preview").read_text().splitlines()
    made.edit(f"pictures/{lines[0].partition('  ')[2]}")


def written(name: str, content: str) -> Callable[[MadeStudy], object]:
    return lambda made: made.edit(name, content)


def replaced(name: str, old: str, new: str) -> Callable[[MadeStudy], object]:
    return lambda made: made.replace(name, old, new)


def programs(made: MadeStudy) -> None:
    """The source of each rule's program, all at once."""
    found = {name for path in made.folder.glob("workflow/rules/*.smk") for name in PROGRAM.findall(path.read_text())}
    edited(*(f"{name.replace('.', '/')}.py" for name in sorted(found)))(made)


PROGRAM = re.compile(r"code\(\s*\"(scripts\.[\w.]+)\"")
ALL = tuple(STUDIES)
PICTURES = [
    Row("a picture that trains: another content", edit=another_picture("train")),
    Row("a picture that validates: another content that leaves those that train", edit=another_picture("valid")),
    Row(
        "a picture whose name holds braces: another content",
        edit=lambda made: made.edit("pictures/ash/{odd}.jpg", jpeg(made, 8)),
    ),
    Row(
        "a picture: another content of an older date",
        edit=lambda made: made.edit("pictures/ash/ash_03.jpg", jpeg(made, 8), time=1),
    ),
    Row("a picture added", edit=lambda made: made.edit("pictures/ash/new.jpg", jpeg(made, 9))),
    Row("a picture removed", edit=lambda made: made.remove("pictures/birch/birch_03.jpg")),
    Row("a picture renamed", edit=lambda made: made.move("pictures/ash/ash_06.jpg", "pictures/ash/other.jpg")),
    Row(
        "a picture moved to another class",
        edit=lambda made: made.move("pictures/ash/ash_06.jpg", "pictures/birch/a.jpg"),
    ),
    Row("two pictures of equal size and time exchanged by `mv`", edit=exchanged),
    Row(
        "a picture touched or written again as it was",
        edit=touched("pictures/ash/ash_05.jpg"),
        studies=("pictures", "spread"),
    ),
    Row("a picture dated next year", edit=lambda made: made.edit("pictures/ash/ash_05.jpg", time=NEXT_YEAR)),
    Row("a picture that the preview shows touched", edit=previewed),
    Row("a file beside the class folders", edit=written("pictures/notes.txt", "seen\n")),
]
FILES = [
    Row(
        "`images.manifest`: a label",
        edit=replaced("listed.csv", "ash_05.jpg,ash", "ash_05.jpg,birch"),
        studies=("listed",),
    ),
    Row("`images.manifest`: touched", edit=touched("listed.csv"), studies=("listed",)),
    Row("`images.groups`: a row", edit=written("groups.csv", "path,group\nash/ash_00.jpg,pair\nash/ash_02.jpg,pair\n")),
    Row("`images.groups`: touched", edit=touched("groups.csv")),
    Row("`training.weights`: another content", edit=written("weights.pt", "others")),
    Row("`training.weights`: touched", edit=touched("weights.pt")),
    Row(
        "`training.predict.folder`: a picture of another content",
        edit=lambda made: made.edit("asked/0.jpg", jpeg(made, 7)),
    ),
    Row("`training.program.command`: its script edited", edit=edited("project/train.py"), studies=("own",)),
    Row("`loading.own.module`: the file edited", edit=edited("my_data.py")),
    Row("`training.program.files`: one of them edited", edit=edited("project/models.py"), studies=("own",)),
    Row(
        "`training.program.folder`: a file that no pattern names", edit=edited("project/conf/a.yaml"), studies=("own",)
    ),
    Row("`scaling.external`: a row", edit=edited("theirs.csv"), studies=("theirs",)),
    Row("`scaling.compare_with`: its table", edit=written("old/scaling/training.parquet", "others")),
    Row("a record removed (measured again once what reads it is made anew)", edit=lambda made: made.remove(RECORD)),
    Row("all logs removed", edit=lambda made: [made.remove(str(path)) for path in made.files("logs")]),
]
PACKAGES = [
    Row(
        "`requirements.lock`: opencv-python-headless, or another that decodes",
        edit=locked("opencv-python-headless"),
        studies=("pictures", "spread"),
    ),
    Row("`requirements.lock`: torch", edit=locked("torch")),
    Row("`requirements.lock`: torchvision", edit=locked("torchvision")),
    Row("`requirements.lock`: any other", edit=locked("psutil"), studies=("pictures", "theirs")),
    Row(
        "an installed package of another version than the lock has (said at the start of a run)",
        edit=installed("psutil", "0.1"),
    ),
    Row("an installed package that no lock has: webdataset", edit=installed("webdataset", "0.1")),
]
SOURCES = [
    Row("the sources of all programs at once", edit=programs, studies=ALL),
    *(
        Row(f"`scripts/{name}`", edit=edited(f"scripts/{name}"))
        for name in (
            *("images/source.py", "images/decode.py", "images/decoders/pillow.py"),
            *("images/steps/resize.py", "images/split.py"),
            *("loading/backends/pools/pool_map.py", "loading/backend.py", "loading/measuring/measure_loading.py"),
            *("training/strategies/ddp.py", "training/loop/fit.py", "training/launch/train.py"),
            *("record.py", "clock.py", "scaling/comparing/limits.py", "scaling/laws/fit_laws.py"),
            *("scaling/answers/recommend.py", "report/page/render_page.py", "report/page/page.html.jinja"),
            *("report/page/base.html.jinja", "report/figures/style.py", "config/training.py", "document.py"),
        )
    ),
    Row("`scripts/images/steps/clahe.py` (which the study does not use)", edit=edited("scripts/images/steps/clahe.py")),
    Row(
        "`scripts/loading/backends/pools/pool_map.py`, with `--rerun-triggers mtime`",
        edit=edited("scripts/loading/backends/pools/pool_map.py"),
        flags=("--rerun-triggers=mtime",),
    ),
    Row("a source edited and edited back", edit=edited_back),
    Row("a source touched", edit=touched("scripts/clock.py")),
    Row("a rule file: a comment", edit=edited("workflow/rules/training.smk")),
    Row(
        "a rule file: memory",
        edit=replaced("workflow/rules/training.smk", "attempt: 4000 * attempt", "attempt: 5000 * attempt"),
    ),
    Row(
        "a rule file: a rule's command",
        edit=replaced("workflow/rules/training.smk", "model.describe_model ", "model.describe_model  "),
    ),
    Row("`workflow/Snakefile`: a comment", edit=edited("workflow/Snakefile")),
    Row("a profile: its cores", edit=replaced("profiles/local/config.yaml", "cores: all", "cores: 1")),
    Row("`--profile slurm` in the place of `--profile local`", flags=("--profile", "slurm")),
    Row("`envs/scalecard.yaml` (without conda)", edit=edited("envs/scalecard.yaml")),
]
