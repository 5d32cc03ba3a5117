"""What packing asks of a cluster follows what a picture may be."""

from scripts.images.packing_cost import memory_mb, minutes

# Peaks of scripts.images.pack_shard that were measured: MB, and bytes a pixel where no step resizes first.
MEASURED = [(9_000_000, True, 321), (25_000_000, True, 611), (9_000_000, False, 918), (25_000_000, False, 2218)]


def test_memory_covers_what_was_measured_and_grows_with_the_largest_picture() -> None:
    for pixels, resized_first, peak in MEASURED:
        assert peak < memory_mb(0, pixels, resized_first) < 4 * peak + 1000
    assert memory_mb(10**8, 10**8, True) > 2 * memory_mb(10**8, 25 * 10**6, True)
    assert memory_mb(10**9, 10**6, True) - memory_mb(10**6, 10**6, True) == 999


def test_minutes_grow_with_the_images_and_their_size() -> None:
    assert minutes(0, 10**6) == 30
    assert minutes(20_000, 25 * 10**6) - 30 == 2 * (minutes(10_000, 25 * 10**6) - 30)
    assert minutes(10_000, 10**8) > minutes(10_000, 10**6)
