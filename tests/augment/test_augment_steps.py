"""What all augmentation steps promise, and what each makes of an image."""

from typing import Any

import numpy as np
import pytest
import torch
from torchvision.transforms import functional

from scripts import registry
from scripts.augment.philox import uniform
from scripts.augment.pixels import centre
from scripts.augment.step import STEPS, ImageStep, MixStep
from scripts.augment.steps._cropping import boxes
from scripts.augment.steps._operations import OPERATIONS
from scripts.augment.steps.stain_jitter import STAINS

EDGE = 48
NAMES = registry.names(STEPS)


def make(name: str, **settings: Any) -> Any:
    return registry.load(STEPS, name, "Step")(**settings)


def images(count: int, edge: int = EDGE) -> torch.Tensor:
    """Pictures with structure at several scales."""
    rng = np.random.default_rng(count)
    coarse = torch.from_numpy(rng.integers(0, 256, (count, 3, 6, 6)).astype(np.float32))
    smooth = torch.nn.functional.interpolate(coarse, size=(edge, edge), mode="bicubic").permute(0, 2, 3, 1)
    noise = torch.from_numpy(rng.integers(-8, 9, (count, edge, edge, 3)).astype(np.float32))
    return (smooth + noise).clamp(0, 255).to(torch.uint8).contiguous()


def applied(step: Any, given: torch.Tensor, ids: np.ndarray) -> torch.Tensor:
    """What a step makes of images; a partner is the image upside down."""
    drawn = uniform(1, 0, 0, ids, step.numbers)
    if isinstance(step, MixStep):
        return step.mix(given.clone(), given.flip(1), drawn)
    found: torch.Tensor = step(given.clone(), drawn)
    return found


# What every step promises.


@pytest.mark.parametrize("name", NAMES)
def test_a_step_gives_images_of_the_edge_that_it_says_and_changes_some(name: str) -> None:
    step, given = make(name), images(20)
    found = applied(step, given, np.arange(20))
    edge = step.edge(EDGE)
    assert (found.dtype, found.shape) == (torch.uint8, (20, edge, edge, 3))
    assert not torch.equal(found, given)


@pytest.mark.parametrize("name", NAMES)
def test_an_image_becomes_the_same_alone_and_among_others_on_any_number_of_threads(name: str) -> None:
    step, given, ids = make(name), images(20), np.arange(100, 120)
    together = applied(step, given, ids)
    for place in range(20):
        alone = applied(step, given[place : place + 1], ids[place : place + 1])
        assert torch.equal(alone[0], together[place])
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1 + threads % 2)
        backwards = applied(step, given.flip(0), ids[::-1].copy())
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(backwards.flip(0), together)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("random_resized_crop", {"scale": (1, 1), "ratio": (1, 1)}),
        ("horizontal_flip", {"probability": 0}),
        ("vertical_flip", {"probability": 0}),
        ("colour_jitter", {"brightness": 0, "contrast": 0, "saturation": 0, "hue": 0}),
        ("stain_jitter", {"sigma": 0}),
        ("random_erasing", {"probability": 0}),
        ("mixup", {"probability": 0}),
        ("cutmix", {"probability": 0}),
    ],
)
def test_a_step_that_is_to_do_nothing_leaves_every_level(name: str, settings: dict[str, Any]) -> None:
    given = images(6)
    given[0] = torch.arange(256, dtype=torch.uint8).repeat(27).view(EDGE, EDGE, 3)
    assert torch.equal(applied(make(name, **settings), given, np.arange(6)), given)


@pytest.mark.parametrize("name", NAMES)
def test_its_docstring_names_its_source(name: str) -> None:
    module = __import__(registry.module(STEPS, name), fromlist=["Step"])
    assert "Source" in (module.__doc__ or "")
    assert issubclass(module.Step, ImageStep | MixStep)


# What each makes of an image.


def test_flips_and_quarter_turns_move_pixels_and_change_none() -> None:
    given = images(40)
    for name, moved in (
        ("horizontal_flip", [given, given.flip(2)]),
        ("vertical_flip", [given, given.flip(1)]),
        ("quarter_turns", [given.rot90(turns, (1, 2)) for turns in range(4)]),
    ):
        found = applied(make(name), given, np.arange(40))
        kinds = [next(k for k, one in enumerate(moved) if torch.equal(one[i], found[i])) for i in range(40)]
        assert set(kinds) == set(range(len(moved)))


def test_a_crop_is_what_float_arithmetic_makes_of_the_box() -> None:
    step, given = make("random_resized_crop", size=32), images(30, 64)
    drawn = uniform(1, 0, 0, np.arange(30), 4)
    box = boxes(drawn, 64, step.scale, step.ratio)
    found = step(given, drawn)
    areas = box[:, 2] * box[:, 3] / 64**2
    assert areas.min() < 0.2
    assert areas.max() > 0.8
    assert 1.2 < (box[:, 3] / box[:, 2]).max() < 1.5
    for one, (top, left, height, width), made in zip(given, box.tolist(), found, strict=True):
        part = one[top : top + height, left : left + width].permute(2, 0, 1).float()[None]
        expected = torch.nn.functional.interpolate(part, size=(32, 32), mode="bilinear")[0].permute(1, 2, 0)
        assert (made - expected).abs().max() < 2.5  # a 128th of a pixel either way, and rounded twice


def test_a_crop_larger_than_the_image_is_refused() -> None:
    with pytest.raises(ValueError, match="size: found 64; expected at most 48"):
        make("random_resized_crop", size=64).edge(48)


def test_the_centre_of_an_image_is_evaluated() -> None:
    given = torch.arange(10 * 10 * 3).view(1, 10, 10, 3)
    assert torch.equal(centre(given, 4), given[:, 3:7, 3:7])
    assert torch.equal(centre(given, 10), given)


def test_brighter_paler_and_more_contrast_are_torchvision_s() -> None:
    given = images(8)
    planes = given.permute(0, 3, 1, 2)
    for name, adjust in (
        ("brightness", functional.adjust_brightness),
        ("contrast", functional.adjust_contrast),
        ("saturation", functional.adjust_saturation),
    ):
        off = dict.fromkeys(("brightness", "contrast", "saturation", "hue"), 0.0)
        step = make("colour_jitter", **off | {name: 0.5})
        drawn = uniform(4, 0, 0, np.arange(8), 4)
        place = ("brightness", "contrast", "saturation").index(name)
        factors = 1 + 0.5 * (2 * drawn[:, place] - 1)
        expected = [adjust(one, factor) for one, factor in zip(planes, factors, strict=True)]
        found = step(given.clone(), drawn).permute(0, 3, 1, 2)
        assert (found.int() - torch.stack(expected).int()).abs().max() <= 2


def test_a_turned_hue_leaves_grey_and_luma_and_turns_red_towards_green() -> None:
    step = make("colour_jitter", brightness=0, contrast=0, saturation=0, hue=0.5)
    given = torch.tensor([[120, 120, 120], [150, 100, 100]], dtype=torch.uint8).view(2, 1, 1, 3)
    drawn = np.full((2, 4), 0.5 + 1 / 6)  # a third of 0.5 turns, twice that of the circle's half
    grey, red = step(given, drawn).view(2, 3).int().tolist()
    assert grey == pytest.approx([120] * 3, abs=1)
    assert np.dot(red, [0.299, 0.587, 0.114]) == pytest.approx(115, abs=1)
    assert red != pytest.approx([150, 100, 100], abs=5)


def test_stains_are_scaled_and_shifted_as_in_float_arithmetic() -> None:
    step, given = make("stain_jitter", sigma=0.2), images(10)
    drawn = uniform(3, 0, 0, np.arange(10), 6)
    stains = np.array(STAINS) / np.linalg.norm(STAINS, axis=1, keepdims=True)
    density = -np.log((given.numpy() + 1.0) / 256)
    amounts = density @ np.linalg.inv(stains)
    scale, shift = (0.2 * (2 * part - 1)[:, None, None] for part in np.split(drawn, 2, axis=1))
    expected = 256 * np.exp(-((1 + scale) * amounts + shift) @ stains) - 1
    found = step(given, drawn).numpy()
    assert np.abs(found - expected.clip(0, 255)).max() < 2
    assert np.abs(found.astype(int) - given.numpy()).mean() > 4


def test_mixup_blends_by_the_share_that_the_label_has() -> None:
    step, given, others = make("mixup", alpha=1.0), images(200, 8), images(201, 8)[1:]
    drawn = uniform(3, 0, 0, np.arange(200), 2)
    share = step.own_share(drawn, 8)
    expected = share[:, None, None, None] * given.numpy() + (1 - share)[:, None, None, None] * others.numpy()
    assert np.abs(step.mix(given, others, drawn).numpy() - expected).max() <= 0.5
    assert np.quantile(share, [0.25, 0.5, 0.75]) == pytest.approx([0.25, 0.5, 0.75], abs=0.1)
    assert np.mean(np.abs(make("mixup").own_share(drawn, 8) - 0.5) > 0.4) > 0.5  # alpha 0.2: mostly one of the two


def test_cutmix_pastes_the_area_that_the_label_loses() -> None:
    step, given = make("cutmix"), images(100)
    drawn = uniform(3, 0, 0, np.arange(100), 4)
    found = step.mix(torch.zeros_like(given), torch.ones_like(given), drawn)
    assert found.float().mean((1, 2, 3)).numpy() == pytest.approx(1 - step.own_share(drawn, EDGE), abs=1e-6)
    assert 0.2 < found.float().mean() < 0.5
    assert all(edge.any() for edge in (found[:, 0], found[:, -1], found[:, :, 0], found[:, :, -1]))


def test_erasing_covers_half_of_the_images_by_a_part_of_their_area() -> None:
    step, given = make("random_erasing", fill=0), torch.ones(400, EDGE, EDGE, 3, dtype=torch.uint8)
    covered = 1 - applied(step, given, np.arange(400)).float().mean((1, 2, 3)).numpy()
    assert 0.4 < np.mean(covered > 0) < 0.6
    assert 0.01 < covered[covered > 0].min() < covered.max() < 0.36


NEAREST = {"interpolation": functional.InterpolationMode.NEAREST, "fill": [0.0]}
FACTOR = 1 + 0.9 * 0.5
# By place in OPERATIONS, what torchvision does at half the strength; where it only rounds otherwise, by how much.
THEIRS: dict[int, tuple[Any, int]] = {
    0: (lambda one: one, 0),
    3: (lambda one: functional.affine(one, 0.0, [-round(150 / 331 * EDGE * 0.5), 0], 1.0, [0.0], **NEAREST), 0),
    6: (lambda one: functional.adjust_brightness(one, FACTOR), 1),
    7: (lambda one: functional.adjust_saturation(one, FACTOR), 2),
    8: (lambda one: functional.adjust_contrast(one, FACTOR), 2),
    9: (lambda one: functional.adjust_sharpness(one, FACTOR), 1),
    10: (lambda one: functional.posterize(one, 6), 0),
    11: (lambda one: functional.solarize(one, 128), 0),
    12: (functional.autocontrast, 1),
    13: (functional.equalize, 0),
}


@pytest.mark.parametrize("place", THEIRS)
def test_an_operation_of_rand_augment_is_torchvision_s(place: int) -> None:
    given = images(4)
    theirs, off = THEIRS[place]
    found = OPERATIONS[place](given.clone(), np.full(4, 0.5)).permute(0, 3, 1, 2)
    expected = torch.stack([theirs(one) for one in given.permute(0, 3, 1, 2)])
    assert (found.int() - expected.int()).abs().max() <= off


@pytest.mark.parametrize(("place", "angle", "shear"), [(5, 15.0, [0.0, 0.0]), (1, 0.0, None), (2, 0.0, None)])
def test_turned_and_sheared_images_are_nearly_torchvision_s(
    place: int, angle: float, shear: list[float] | None
) -> None:
    given = images(4)
    found = OPERATIONS[place](given.clone(), np.full(4, 0.5)).permute(0, 3, 1, 2)
    degrees = float(np.rad2deg(np.arctan(-0.15)))
    shear = shear or ([degrees, 0.0] if place == 1 else [0.0, degrees])
    planes = given.permute(0, 3, 1, 2)
    expected = functional.affine(planes, -angle, [0, 0], 1.0, shear, **NEAREST)
    other = functional.affine(planes, angle, [0, 0], 1.0, [-one for one in shear], **NEAREST)
    close = [(found == one).all(dim=1).float().mean().item() for one in (expected, other)]
    assert max(close) > 0.95  # pixels about half way between two go to either
    assert min(close) < 0.5
