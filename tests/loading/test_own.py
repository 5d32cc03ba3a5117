"""A dataset of the user's own, as it is in his file, beside the ways of the study."""

import re
from pathlib import Path
from typing import Any

import pytest
from helping import ROOT
from loading_study import DECODE, Packed

from scripts.config.loading import Loading
from scripts.errors import UserError
from scripts.loading.measuring.measure_loading import measure
from scripts.loading.measuring.spec import LoadSpec
from scripts.loading.points import LoadingPoint
from scripts.loading.reading.own import OwnSpec
from scripts.record import Record
from scripts.scaling.tables.tabulate_loading import rows
from scripts.user_function import file_digest

# By the study's own decoder: the pixels of every other way.
SAME = """
from scripts.images.decode import Decoder, DecodeSpec
from scripts.images.header import read_header

DECODER = Decoder(DecodeSpec(size=16, steps=[{"resize": {}}]))


def pixels(path):
    data = open(path, "rb").read()
    return DECODER.decode(data, read_header(data))
"""
LABELLED = (
    SAME
    + """
from torch.utils.data import Dataset


class Pictures(Dataset):
    def __init__(self, files, size):
        self.files, self.transform = files, lambda image: image  # which no pickle takes

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        return self.transform(pixels(self.files[i])), i % 3
"""
)
PILLOW = """
import numpy as np
from PIL import Image


class Pictures:
    def __init__(self, files, size):
        self.files, self.size = files, size

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        image = Image.open(self.files[i]).convert("RGB").resize((self.size, self.size))
        return GIVEN(image)
"""
STREAM = (
    SAME
    + """
from torch.utils.data import IterableDataset, get_worker_info


class Pictures(IterableDataset):
    def __init__(self, files, size):
        self.files = files

    def __iter__(self):
        worker = get_worker_info()
        for path in self.files[SHARE]:
            yield path, pixels(path), "label"
"""
)


def launched(
    text: str,
    packed: Packed,
    folder: Path,
    check: str = "pixels",
    workers: int = 2,
    dataset: str = "Pictures",
    **axes: Any,
) -> Record:
    """A launch on a dataset of a file of that text."""
    file = folder / "my_data.py"
    file.write_text(text)
    spec = LoadSpec(
        study="t",
        seed=0,
        point=LoadingPoint(**{"backend": "own", "source": "raw", "workers": workers, "chunk": 5, "prefetch": 2} | axes),
        decode=DECODE,
        passes=2,
        augment=None,
        window_seconds=0,
        lock="",
        remote=None,
        own=OwnSpec(dataset=dataset, digest=file_digest(file), check=check),
    )
    return measure(spec, 1, 1, packed.folder, packed.images, packed.reference, own_file=file)


def forked(*args: Any, **axes: Any) -> Record:
    return launched(*args, start_method="fork", **axes)


def test_an_unchanged_dataset_of_images_with_labels_gives_the_reference_pixels(packed: Packed, tmp_path: Path) -> None:
    # By a worker that makes it anew.
    record = launched(LABELLED, packed, tmp_path, workers=1, start_method="forkserver")
    assert record.validity.ok, record.validity.faults
    assert record.loaded is not None
    assert (record.loaded.check, record.images) == ("pixels", 2 * 36)


def test_bytes_of_another_decoder_are_wrong_pixels_unless_the_study_says_that_they_may_differ(
    packed: Packed, tmp_path: Path
) -> None:
    text = PILLOW.replace("GIVEN(image)", "np.asarray(image)")
    assert [fault.parameter for fault in forked(text, packed, tmp_path).validity.faults] == ["pixel digest"]
    record = forked(text, packed, tmp_path, check="once")
    assert record.validity.ok, record.validity.faults
    assert record.loaded is not None
    assert record.loaded.check == "once"


@pytest.mark.parametrize(
    "given",
    ["np.asarray(image, np.float32) / 255, 7", "image.resize((9, 9)), 7"],
    ids=["floats", "another size, as Pillow has it"],
)
def test_what_is_no_byte_of_the_size_of_the_study_is_counted_alone(given: str, packed: Packed, tmp_path: Path) -> None:
    record = forked(PILLOW.replace("GIVEN(image)", given), packed, tmp_path)
    assert record.validity.ok, record.validity.faults
    assert record.loaded is not None
    assert (record.loaded.check, record.loaded.decode_error) == ("once", None)


def test_bytes_with_their_colours_first_are_the_same_pixels(packed: Packed, tmp_path: Path) -> None:
    text = "import torch\n" + LABELLED.replace("lambda image: image", "lambda x: torch.from_numpy(x).permute(2, 0, 1)")
    record = forked(text, packed, tmp_path)
    assert record.validity.ok, record.validity.faults
    assert record.loaded is not None
    assert record.loaded.check == "pixels"


def test_a_stream_tells_by_paths_which_image_is_which_and_shares_them_out_itself(
    packed: Packed, tmp_path: Path
) -> None:
    record = forked(STREAM.replace("SHARE", "worker.id :: worker.num_workers"), packed, tmp_path)
    assert record.validity.ok, record.validity.faults
    twice = forked(STREAM.replace("SHARE", ":"), packed, tmp_path)
    assert "passes with each image once" in {fault.parameter for fault in twice.validity.faults}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def Pictures(files, size):\n    return 1 / 0\n", r"my_data\.py: line 2: ZeroDivisionError"),
        ("def Pictures(files, size):\n    return files[1:]\n", r"gives a list of 35 images; .* each of the 36 files"),
        ("def Pictures(files, size):\n    return 7\n", r"gives a int; expected a torch Dataset"),
    ],
)
def test_a_dataset_that_cannot_be_is_one_line(text: str, message: str, packed: Packed, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rf"^loading\.own: .*{message}"):
        forked(text, packed, tmp_path)


def test_a_stream_of_unknown_files_is_told_by_the_first(packed: Packed, tmp_path: Path) -> None:
    text = STREAM.replace("SHARE", ":").replace("yield path", "yield path + 'x'")
    with pytest.raises(UserError, match=r"loading\.own: found '.*x'; expected an index below 36 or a file's path"):
        forked(text, packed, tmp_path)


def test_a_file_that_has_changed_since_the_run_was_planned_is_not_measured(packed: Packed, tmp_path: Path) -> None:
    file = tmp_path / "my_data.py"
    forked(LABELLED, packed, tmp_path)
    spec = LoadSpec(
        study="t",
        seed=0,
        point=LoadingPoint(backend="own", source="raw", workers=1, chunk=5),
        decode=DECODE,
        passes=1,
        augment=None,
        window_seconds=0,
        lock="",
        remote=None,
        own=OwnSpec(dataset="Pictures", digest=file_digest(file), check="pixels"),
    )
    file.write_text(LABELLED + "\n")
    with pytest.raises(UserError, match=r"loading\.own: .* of the one that the run was planned with; run it again"):
        measure(spec, 1, 1, packed.folder, packed.images, packed.reference, own_file=file)


def test_the_example_of_the_docs_is_a_dataset(packed: Packed, tmp_path: Path) -> None:
    [example] = re.findall(r"```python\n(.*?)```", (ROOT / "docs/loaders.md").read_text(), re.DOTALL)
    record = forked(example, packed, tmp_path, dataset="build")
    assert record.validity.ok, record.validity.faults
    assert record.loaded is not None
    assert record.loaded.check == "once"


def test_pixels_that_were_not_compared_are_no_way_to_load(packed: Packed, tmp_path: Path) -> None:
    text = PILLOW.replace("GIVEN(image)", "np.asarray(image)")
    other = forked(text, packed, tmp_path, check="once")
    records = {one.point_id: [one] for one in (other, *(packed.launch(name, chunk=1) for name in BESIDE))}
    own, row = rows(records, ["serial-1", other.point_id], confidence=0.95)
    assert (own.way, own.check) == (True, "pixels")
    assert (row.way, row.check, "once" in row.marks.split()) == (False, "once", True)
    assert row.speedup is not None
    assert row.whole_seconds is None


BESIDE = ("serial", "headspace", "decode_only")


def test_a_study_has_its_points_where_it_names_a_file(tmp_path: Path) -> None:
    file = tmp_path / "my_data.py"
    file.write_text(LABELLED)
    own = {"module": str(file), "dataset": "Pictures"}
    points = Loading.model_validate({"backends": ["serial"], "own": own, "workers": [1, 2]}).points()
    assert [name for name in points if name.startswith("own")] == ["own-1-16", "own-2-16"]
    for settings, message in (
        ({"own": own | {"dataset": "build"}}, "has no function 'build'; it has pixels, Pictures"),
        ({"own": own | {"module": "gone.py"}}, "gone.py cannot be read"),
        ({"own": own, "augment": True}, "own.check: found pixels beside augment"),
        ({"backends": ["serial", "own"]}, "'own' is measured where loading.own.module names your file"),
    ):
        with pytest.raises(ValueError, match=message):
            Loading.model_validate(settings)
