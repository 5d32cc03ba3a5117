"""The images stage: raw files to packed, checked, split pixels."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from scripts.config.settings import Count, Fraction, Settings, made, on_path
from scripts.images.layout import Layout
from scripts.images.source import is_plain
from scripts.images.step import STEPS, check_chain


class Sample(Settings):
    """The generated study: five tissue-like classes, drawn when `images.folder` is null."""

    per_class: Annotated[int, Field(ge=3)] = Field(60, description="images drawn for each class")
    size: Annotated[int, Field(ge=64, le=2048)] = Field(512, description="edge of a drawn image, pixels")


class Archive(Settings):
    """Images that are fetched once, into `images.folder`: that run fetches, the next one does the study."""

    url: str | None = Field(None, description="zip or tar: http, https, ftp, doi, or a path; null: nothing is fetched")
    checksum: Annotated[str, Field(pattern=r"^((sha256:)?[0-9a-f]{64}|md5:[0-9a-f]{32})$")] | None = Field(
        None, description="of the archive, as `sha256:...` or `md5:...`; needed where there is a url"
    )

    @model_validator(mode="after")
    def _is_checked(self) -> Self:
        if self.url is not None and self.checksum is None:
            raise ValueError(f"url {self.url!r} needs a checksum")
        return self


class Fractions(Settings):
    """How the groups of each class are cut; the three add up to 1."""

    train: Annotated[float, Field(gt=0, lt=1)] = Field(0.8, description="share that trains")
    valid: Annotated[float, Field(gt=0, lt=1)] = Field(0.1, description="share measured after each epoch")
    test: Annotated[float, Field(gt=0, lt=1)] = Field(0.1, description="share measured once, at the end")

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        if abs(self.train + self.valid + self.test - 1) > 1e-6:
            raise ValueError(f"add up to {self.train + self.valid + self.test:g}, not to 1")
        return self


class Limits(Settings):
    """What a file may be to count as a picture; others are rejected from their header, before anything is decoded."""

    max_bytes: Count = Field(100_000_000, description="largest file, bytes")
    # Beyond the upper limit Pillow refuses to read even the header.
    max_pixels: Annotated[int, Field(ge=1, le=178_956_970)] = Field(
        25_000_000, description="largest picture, width times height; decoding takes up to 40 bytes a pixel"
    )
    min_edge: Count = Field(8, description="shortest edge, pixels")
    frames: Literal["reject", "first"] = Field(
        "reject", description="animations and files of several pages: rejected, or their first picture taken"
    )


class Images(Settings):
    """Raw files to packed, checked, split pixels."""

    folder: str | None = Field(
        None,
        description="folder of the images, see `layout`; null: where the manifest is, or without one `sample` is drawn",
    )
    layout: Layout = Field(
        "auto",
        description="classes: one folder a class; splits: those inside train (training), valid (val, validation, dev) "
        "and test (testing, evaluation), which are kept; names may begin or end with these words, as seg_train; "
        "lc25000: lung_image_sets and colon_image_sets with their classes; auto: recognised by these names, and "
        "refused where folders may be classes or sides",
    )
    manifest: str | None = Field(
        None,
        description="CSV of `path,label` and, where known, `split`, `group`, `sha256`; paths are relative to `folder`, "
        "blanks around other cells do not count",
    )
    track: Literal["files", "manifest"] = Field(
        "files",
        description="files: a changed file is seen; manifest: only its row is, so that a million images cost the DAG "
        "nothing (`sha256` in the row tells a change and is checked)",
    )
    archive: Archive = Archive()
    sample: Sample = Sample()
    limits: Limits = Limits()
    size: Annotated[int, Field(ge=8, le=1024)] = Field(48, description="edge of a packed image, pixels")
    shards: Annotated[int, Field(ge=1, le=2000)] = Field(
        8, description="files the packed images are spread over; one job each"
    )
    pack_on: Literal["jobs", "dask"] = Field(
        "jobs",
        description="jobs: a job a shard, and a changed image packs its own shard anew; dask: one job for all, on Dask "
        "workers that are Slurm jobs over the nodes, and a changed image packs all shards anew",
    )
    dask_workers: Count = Field(2, description="worker processes of `pack_on: dask`, one core and one Slurm job each")
    groups: str | None = Field(
        None,
        description="CSV of `path,group`: images of one group (tile, patient) share a split, as copies always do; each "
        "path must be one of an image",
    )
    near_duplicates: Annotated[int, Field(ge=0, le=64)] | None = Field(
        32,
        description="bits of 256 in which the perceptual hashes of two copies may differ, flipped and quarter-turned "
        "ones included, whatever `steps` makes of them; null: only files of equal bytes are copies, as is advised "
        "beyond 100,000 images",
    )
    fractions: Fractions = Fractions()
    steps: list[dict[str, dict[str, Any]]] = Field(
        [{"resize": {}}], min_length=1, description="preprocessing in order: each `{step: {setting: value}}`"
    )
    max_reject_fraction: Fraction = Field(
        0.05,
        description="share of files, unreadable or with the bytes of one of another class, above which the study stops",
    )

    @field_validator("folder", "manifest", "groups")
    @classmethod
    def _snakemake_can_name_it(cls, path: str | None) -> str | None:
        if path is not None and not is_plain(path):
            raise ValueError(f"found {path!r}; Snakemake cannot name files with braces or control characters")
        return path

    @field_validator("pack_on")
    @classmethod
    def _dask_has_a_cluster(cls, pack_on: str) -> str:
        if pack_on == "dask":
            on_path("sbatch", pack_on)
        return pack_on

    @field_validator("steps")
    @classmethod
    def _steps_make_a_chain(cls, steps: list[dict[str, dict[str, Any]]]) -> list[dict[str, dict[str, Any]]]:
        chain = made(STEPS, steps)
        if chain[0][0] == "decode":
            chain.pop(0)
        if any(name == "decode" for name, _ in chain):
            raise ValueError("decode makes pixels of a file, so it stands first and once")
        check_chain(chain)
        return steps

    @model_validator(mode="after")
    def _source_is_whole(self) -> Self:
        if self.track == "manifest" and self.manifest is None:
            raise ValueError(
                "track: found 'manifest' without images.manifest; `python -m scripts.images.write_manifest`"
            )
        if self.track == "manifest" and self.pack_on == "dask":
            raise ValueError("pack_on: found 'dask' with track 'manifest'; expected 'jobs'")
        if self.folder is not None and self.layout != "auto" and self.manifest is not None:
            raise ValueError(f"layout: found {self.layout!r} with a manifest, which names the classes; expected 'auto'")
        if self.archive.url is not None and self.folder is None:
            raise ValueError("archive: needs images.folder, where it is extracted to")
        return self
