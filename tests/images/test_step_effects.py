"""What each preprocessing step is for; what all of them promise is in test_steps.py."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from scripts import registry
from scripts.images.draw_sample import TISSUES, draw
from scripts.images.picture import Pixels
from scripts.images.step import STEPS, ImageStep

SIZE = 32
FLAT: Pixels = np.full((40, 40, 3), (200, 120, 160), np.uint8)


def make(name: str, **settings_: Any) -> ImageStep:
    step: ImageStep = registry.load(STEPS, name, "Step")(**settings_)
    return step


def random_image(height: int, width: int, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.fixture(scope="module")
def tissue() -> Pixels:
    return draw("glands_regular", 1, 224, 0)


def lab_of(image: Pixels) -> np.ndarray[Any, Any]:
    """CIELAB in its own units, float32 (h * w, 3)."""
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3)


def local_contrast(image: Pixels) -> float:
    """Mean standard deviation of L* within cells of 8x8 pixels."""
    lightness = lab_of(image)[:, 0].reshape(image.shape[0] // 8, 8, image.shape[1] // 8, 8)
    return float(lightness.std(axis=(1, 3)).mean())


def test_stretch_averages_every_pixel_when_it_shrinks() -> None:
    image = random_image(64, 96)
    blocks = image.reshape(SIZE, 2, SIZE, 3, 3).mean(axis=(1, 3))
    assert np.abs(make("resize")(image, SIZE) - blocks).max() <= 1


def test_stretch_averages_along_the_edge_that_shrinks_when_the_other_grows() -> None:
    stripes = np.tile(np.array([[[0] * 3, [255] * 3]], np.uint8), (1, 2000, 1))  # 1x4000
    assert np.abs(make("resize")(stripes, 50).astype(int) - 127).max() <= 1


def test_stretch_is_linear_when_it_enlarges() -> None:
    ramp = np.array([[[0] * 3, [200] * 3]], np.uint8)
    assert make("resize")(ramp, 4)[0, :, 0].tolist() == [0, 50, 150, 200]


@pytest.mark.parametrize(("height", "width"), [(20, 80), (80, 20)])
def test_pad_keeps_the_aspect_ratio_within_a_border(height: int, width: int) -> None:
    result = make("resize", mode="pad", fill=10)(np.full((height, width, 3), 200, np.uint8), 40)
    inside = (result == 200).all(axis=2)
    assert inside.sum() == 40 * 10
    assert (result[~inside] == 10).all()
    assert np.argwhere(inside).min(axis=0).tolist() == ([15, 0] if width > height else [0, 15])


def test_crop_keeps_the_centred_square() -> None:
    image = np.zeros((30, 90, 3), np.uint8)
    image[:, 30:60] = 77
    assert (make("resize", mode="crop")(image, 20) == 77).all()


@pytest.mark.parametrize("interpolation", ["auto", "area", "linear", "cubic"])
@pytest.mark.parametrize("mode", ["stretch", "pad", "crop"])
@pytest.mark.parametrize("shape", [(4000, 1), (1, 5000), (1, 1), (3, 700)])
def test_a_strip_of_pixels_becomes_a_square(shape: tuple[int, int], mode: str, interpolation: str) -> None:
    result = make("resize", mode=mode, interpolation=interpolation)(random_image(*shape), 224)
    assert result.shape == (224, 224, 3)


@pytest.mark.parametrize(("to", "back"), [("hsv", cv2.COLOR_HSV2RGB), ("lab", cv2.COLOR_LAB2RGB)])
def test_hsv_and_lab_can_be_turned_back(to: str, back: int, tissue: Pixels) -> None:
    there = make("colour_space", to=to)(tissue, SIZE)
    assert np.abs(there.astype(int) - tissue).mean() > 10
    assert np.abs(cv2.cvtColor(there, back).astype(int) - tissue).mean() < 1.5


def test_colour_spaces_have_their_8_bit_ranges() -> None:
    red = np.full((1, 1, 3), (255, 0, 0), np.uint8)
    assert make("colour_space", to="hsv")(red, SIZE).ravel().tolist() == [0, 255, 255]
    assert make("colour_space", to="gray")(red, SIZE).ravel().tolist() == [76, 76, 76]
    assert make("colour_space", to="rgb")(red, SIZE).ravel().tolist() == [255, 0, 0]
    white = np.full((1, 1, 3), 255, np.uint8)
    assert make("colour_space", to="lab")(white, SIZE).ravel().tolist() == [255, 128, 128]


def test_gaussian_lowers_noise_as_theory_says() -> None:
    noise = np.random.default_rng(0).normal(128, 30, (300, 300, 3)).clip(0, 255).astype(np.uint8)
    smooth = make("gaussian", sigma=2)(noise, SIZE)
    assert smooth.std() / noise.std() == pytest.approx(1 / (2 * 2 * np.sqrt(np.pi)), rel=0.05)


def test_median_removes_salt_and_pepper() -> None:
    image = FLAT.copy()
    image[4::8, 4::8] = 0
    image[2::8, 2::8] = 255
    assert np.array_equal(make("median")(image, SIZE), FLAT)


def test_bilateral_lowers_noise_and_keeps_the_edge() -> None:
    image = np.random.default_rng(0).normal(0, 6, (60, 60, 3))
    image += np.where(np.arange(60) < 30, 60, 190)[None, :, None]
    result = make("bilateral")(image.round().astype(np.uint8), SIZE).astype(float)
    assert result[:, :28].std() < 3
    assert result[:, 30].mean() - result[:, 29].mean() > 125


def test_non_local_means_brings_a_noisy_image_nearer_to_the_clean_one(tissue: Pixels) -> None:
    clean = cv2.GaussianBlur(tissue, (0, 0), 3)[:96, :96].astype(float)  # nothing that looks like noise
    noisy = (clean + np.random.default_rng(0).normal(0, 10, clean.shape)).round().clip(0, 255).astype(np.uint8)
    denoised = make("non_local_means", strength=10, colour_strength=10)(noisy, SIZE)
    assert np.abs(denoised - clean).mean() < 0.7 * np.abs(noisy - clean).mean()


def test_equalize_spreads_lightness_evenly(tissue: Pixels) -> None:
    gray = make("colour_space", to="gray")(tissue, SIZE)  # without colours nothing is clipped
    lightness = lab_of(make("equalize")(gray, SIZE))[:, 0]
    assert np.abs(np.percentile(lightness, range(10, 100, 10)) - range(10, 100, 10)).max() < 3


@pytest.mark.parametrize("name", ["equalize", "clahe"])
def test_contrast_rises_and_colours_stay(name: str, tissue: Pixels) -> None:
    pale = (0.3 * tissue + 100).astype(np.uint8)
    result = make(name)(pale, SIZE)
    assert local_contrast(result) > 1.3 * local_contrast(pale)
    moved = np.abs(lab_of(result) - lab_of(pale))[:, 1:]
    assert moved.mean() < 1
    assert moved.max() < 5


def test_unsharp_raises_gradient_energy_and_leaves_what_is_flat(tissue: Pixels) -> None:
    def energy(image: Pixels) -> float:
        return float(sum((slope**2).sum() for slope in np.gradient(image.astype(float), axis=(0, 1))))

    assert energy(make("unsharp")(tissue, SIZE)) > 1.5 * energy(tissue)
    assert np.array_equal(make("unsharp")(FLAT, SIZE), FLAT)


def test_unsharp_leaves_differences_up_to_the_threshold(tissue: Pixels) -> None:
    difference = np.abs(tissue - cv2.GaussianBlur(tissue.astype(np.float32), (0, 0), 1))
    changed = make("unsharp", threshold=20)(tissue, SIZE) != tissue
    assert changed.any()
    assert difference[changed].min() > 20


def test_reinhard_gives_an_image_the_target_mean_and_spread(tissue: Pixels) -> None:
    target = {"mean": (60.0, 10.0, -5.0), "std": (8.0, 4.0, 3.0)}  # small enough that nothing is clipped
    lab = lab_of(make("reinhard", **target)(tissue, SIZE))
    assert lab.mean(axis=0) == pytest.approx(target["mean"], abs=0.2)
    assert lab.std(axis=0) == pytest.approx(target["std"], abs=0.2)


def test_reinhard_moves_a_flat_image_to_the_target_mean() -> None:
    lab = lab_of(make("reinhard")(FLAT, SIZE))
    assert lab.std(axis=0).max() < 1e-3
    assert lab.mean(axis=0) == pytest.approx((70.4, 25.0, -26.9), abs=0.5)


def test_reinhard_does_not_blow_up_the_rounding_of_a_nearly_flat_image() -> None:
    image = FLAT.copy()
    image[::10, ::10] += 1
    assert np.ptp(make("reinhard")(image, SIZE), axis=(0, 1)).max() < 20


REFERENCE = ((0.5626, 0.7201, 0.4062), (0.2159, 0.8012, 0.5581))
OTHER_LABORATORY = ((0.72, 0.62, 0.31), (0.12, 0.92, 0.37))


def stain(colours: tuple[tuple[float, ...], ...], maxima: tuple[float, float]) -> Pixels:
    """The same drawn tissue in these stains, whose 99th percentiles are `maxima`; the stains are also seen alone."""
    paint = TISSUES["glands_regular"](np.random.default_rng(5), 224).paint[..., :2].astype(float)
    paint[:40, :40] = (100, 0)
    paint[:40, -40:] = (0, 100)
    amounts = paint / np.percentile(paint, 99, axis=(0, 1)) * maxima
    return (240 * np.exp(-amounts @ np.array(colours)) - 1).round().clip(0, 255).astype(np.uint8)


def difference(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_macenko_shows_two_stainings_of_one_tissue_alike() -> None:
    ours, theirs = stain(REFERENCE, (1.9705, 1.0308)), stain(OTHER_LABORATORY, (1.3, 1.6))
    step = make("macenko")
    assert difference(step(ours, SIZE), step(theirs, SIZE)) < 0.1 * difference(ours, theirs)


def test_macenko_leaves_an_image_in_the_reference_stains_as_it_is() -> None:
    reference = stain(REFERENCE, (1.9705, 1.0308))
    assert difference(make("macenko")(reference, SIZE), reference) < 0.6


def test_macenko_leaves_an_image_with_too_little_tissue_as_it_is(tissue: Pixels) -> None:
    glass = np.full((224, 224, 3), 235, np.uint8)
    glass[:16, :16] = tissue[:16, :16]  # 0.5 %
    assert np.array_equal(make("macenko")(glass, SIZE), glass)
    assert not np.array_equal(make("macenko", min_tissue=0.001)(glass, SIZE), glass)


def test_macenko_gives_tissue_the_same_colours_whatever_glass_is_beside_it(tissue: Pixels) -> None:
    slide = np.full((600, 600, 3), 240, np.uint8)
    slide[:224, :224] = tissue
    assert difference(make("macenko")(slide, SIZE)[:224, :224], make("macenko")(tissue, SIZE)) < 0.01


def test_macenko_survives_a_colour_far_from_two_stains_that_are_nearly_one() -> None:
    image = FLAT.copy()
    image[20:] += np.array((0, 4, 0), np.uint8)
    image[0, 0] = (255, 0, 255)
    with np.errstate(over="raise", invalid="raise"):
        result = make("macenko")(image, SIZE)
    assert not np.array_equal(result, image)


def test_macenko_leaves_an_image_of_one_colour_as_it_is() -> None:
    assert np.array_equal(make("macenko")(FLAT, SIZE), FLAT)


@pytest.mark.parametrize("channel", ["saturation", "gray"])
def test_the_tissue_mask_paints_the_background_and_nothing_else(channel: str) -> None:
    slide = np.random.default_rng(0).normal(236, 2, (80, 80, 3)).round().astype(np.uint8)
    inside = np.zeros((80, 80), bool)
    inside[20:60, 30:70] = True
    slide[inside] = np.random.default_rng(1).normal((150, 80, 140), 8, (1600, 3)).round().astype(np.uint8)
    masked = make("tissue_mask", channel=channel, fill=3)(slide, SIZE)
    assert np.array_equal(masked[inside], slide[inside])
    assert (masked[~inside] == 3).all()


@pytest.mark.parametrize("channel", ["saturation", "gray"])
def test_the_tissue_mask_leaves_an_image_of_one_colour_as_it_is(channel: str) -> None:
    assert np.array_equal(make("tissue_mask", channel=channel)(FLAT, SIZE), FLAT)


def test_canny_draws_the_outline_of_a_square() -> None:
    image = np.full((40, 40, 3), 30, np.uint8)
    image[10:30, 10:30] = 220
    edges = make("canny")(image, SIZE)
    assert set(np.unique(edges)) == {0, 255}
    assert (edges[..., :1] == edges).all()
    assert not edges[13:27, 13:27].any()
    assert not edges[:8].any()
    assert edges[20, 8:12].any()


def test_canny_refuses_thresholds_in_the_wrong_order() -> None:
    with pytest.raises(ValidationError, match="low is 300 and high is 200"):
        make("canny", low=300)


@pytest.mark.real_images
@pytest.mark.parametrize("name", ["macenko", "reinhard"])
def test_stain_normalisation_brings_real_tiles_closer(name: str, real_images: Path) -> None:
    paths = sorted((real_images / "lc25000_224").glob("*/*"))[::100]
    tiles = [cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) for path in paths]
    normal = [make(name)(tile, 224) for tile in tiles]
    before, after = (np.std([lab_of(tile).mean(axis=0) for tile in some], axis=0)[1:] for some in (tiles, normal))
    assert (after < 0.7 * before).all()


def test_resizing_by_itself_averages_areas_only_where_an_edge_shrinks_by_half_or_more() -> None:
    by_itself, area, linear = (make("resize", interpolation=way) for way in ("auto", "area", "linear"))
    for edge, same, other in ((96, linear, area), (97, area, linear), (200, area, linear)):
        image = random_image(edge, edge)
        assert (by_itself(image, 64) == same(image, 64)).all()
        assert (by_itself(image, 64) != other(image, 64)).any()
