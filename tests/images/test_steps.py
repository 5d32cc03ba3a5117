"""What all preprocessing steps promise, and which chains of them are refused."""

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from helping import ROOT
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from scripts import registry
from scripts.images.draw_sample import draw
from scripts.images.picture import Pixels
from scripts.images.step import STEPS, ImageStep, check_chain

NAMES = [name for name in registry.names(STEPS) if name != "decode"]
SHAPES = [(1, 1), (1, 50), (223, 221), (64, 64)]
SIZE = 32

# Settings other than the defaults that a chain may have as well.
OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("resize", {"mode": "pad", "fill": 9}),
    ("resize", {"mode": "crop", "interpolation": "cubic"}),
    *(("colour_space", {"to": to}) for to in ("rgb", "hsv", "lab")),
    ("tissue_mask", {"channel": "gray"}),
    ("canny", {"radius": 3}),
    ("median", {"radius": 15}),
    ("clahe", {"tiles": 64}),
    ("macenko", {"alpha": 0, "min_tissue": 1e-9, "min_density": 1e-3}),
]


def make(name: str, **settings_: Any) -> ImageStep:
    step: ImageStep = registry.load(STEPS, name, "Step")(**settings_)
    return step


def chain(*steps: str | tuple[str, dict[str, Any]]) -> list[tuple[str, ImageStep]]:
    named = [(step, {}) if isinstance(step, str) else step for step in steps]
    return [(name, make(name, **own)) for name, own in named]


def random_image(height: int, width: int, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.fixture(scope="module")
def tissue() -> Pixels:
    return draw("glands_regular", 1, 224, 0)


# What every step promises.


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_a_step_keeps_the_type_and_all_but_resize_the_shape(name: str, shape: tuple[int, int]) -> None:
    step = make(name)
    result = step(random_image(*shape), SIZE)
    assert result.dtype == np.uint8
    assert result.shape == ((SIZE, SIZE, 3) if step.resizes else (*shape, 3))


@pytest.mark.parametrize("value", [0, 7, 128, 255])
@pytest.mark.parametrize("name", NAMES)
def test_a_step_takes_an_image_of_one_colour(name: str, value: int) -> None:
    result = make(name)(np.full((20, 30, 3), value, np.uint8), SIZE)
    assert result.dtype == np.uint8
    assert result.std(axis=(0, 1)).max() == 0  # and keeps it one


@pytest.mark.parametrize("name", NAMES)
def test_a_step_gives_the_same_pixels_each_time(name: str, tissue: Pixels) -> None:
    assert np.array_equal(make(name)(tissue, SIZE), make(name)(tissue.copy(), SIZE))


@pytest.mark.parametrize("name", NAMES)
def test_a_step_leaves_its_input_as_it_was(name: str, tissue: Pixels) -> None:
    image = tissue[:64, :64].copy()
    make(name)(image, SIZE)
    assert np.array_equal(image, tissue[:64, :64])


@pytest.mark.parametrize("name", NAMES)
def test_a_step_can_be_sent_to_another_process(name: str, tissue: Pixels) -> None:
    step = make(name)
    sent = pickle.loads(pickle.dumps(step))
    assert sent == step
    assert np.array_equal(sent(tissue[:64, :64], SIZE), step(tissue[:64, :64], SIZE))


@pytest.mark.parametrize("name", NAMES)
def test_a_step_takes_an_image_that_is_not_contiguous(name: str, tissue: Pixels) -> None:
    view = tissue[::-2, 10:75, ::-1]
    assert np.array_equal(make(name)(view, SIZE), make(name)(np.ascontiguousarray(view), SIZE))


@pytest.mark.parametrize("name", NAMES)
def test_a_step_refuses_a_setting_that_it_does_not_know(name: str) -> None:
    with pytest.raises(ValidationError, match="colour_of_the_moon"):
        make(name, colour_of_the_moon=1)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_says_what_it_means(name: str) -> None:
    assert all(field.description for field in type(make(name)).model_fields.values())


def test_settings_are_checked_without_loading_heavy_libraries() -> None:
    code = "import sys; from scripts import registry; "
    code += f"[registry.load({STEPS!r}, name, 'Step')() for name in {NAMES}]; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"cv2", "numpy", "torch", "pandas", "scipy"} & set(loaded.stdout.split())


# Chains.


def test_a_chain_that_never_resizes_is_refused() -> None:
    with pytest.raises(ValueError, match="add `resize`"):
        check_chain(chain("clahe", "gaussian"))


@pytest.mark.parametrize("space", ["hsv", "lab"])
def test_a_step_that_needs_rgb_is_refused_after_another_colour_space(space: str) -> None:
    with pytest.raises(ValueError, match=f"clahe needs RGB.*colour_space, which leaves {space}"):
        check_chain(chain("resize", ("colour_space", {"to": space}), "gaussian", "clahe"))


@pytest.mark.parametrize("before", ["canny", "colour_space"])
def test_gray_passes_for_rgb(before: str) -> None:
    check_chain(chain(before, "macenko", "resize", "tissue_mask", "clahe", "clahe"))


def test_steps_that_take_any_channels_may_follow_any_colour_space() -> None:
    check_chain(chain(("colour_space", {"to": "lab"}), "bilateral", "median", "gaussian", "unsharp", "resize"))


@settings(deadline=None, max_examples=150)
@given(
    steps=st.lists(st.sampled_from([*((name, {}) for name in NAMES), *OTHERS]), max_size=5),
    resize=st.sampled_from([("resize", {}), *OTHERS[:2]]),
    place=st.integers(0, 5),
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    size=st.integers(1, 40),
    seed=st.integers(0, 3),
)
def test_a_chain_that_passes_the_check_ends_in_images_of_the_size(
    steps: list[Any], resize: Any, place: int, shape: tuple[int, int], size: int, seed: int
) -> None:
    named = chain(*steps[:place], resize, *steps[place:])
    try:
        check_chain(named)
    except ValueError:
        assume(False)
    image = random_image(*shape, seed=seed)
    for _, step in named:
        image = step(image, size)
    assert image.dtype == np.uint8
    assert image.shape == (size, size, 3)
