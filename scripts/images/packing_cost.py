"""What packing asks of a cluster, from what a picture may be; light, since the Snakefile asks it.

Measured (peak resident memory of scripts.images.pack_shard, pictures of 9 and 25 million pixels, size 64): 150 MB and,
a pixel of the largest picture, 1 to 18 bytes where the first step resizes (JPEG to 16-bit PNG with alpha), 80 where
`macenko` works on the whole picture.
"""

BASE_MB = 800  # of it 300 for the two processes of Snakemake in a job
DECODED = 40  # bytes a pixel
WHOLE = 100  # bytes a pixel, where a step works on pictures as large as they come


def memory_mb(max_bytes: int, max_pixels: int, resized_first: bool) -> int:
    """MB for one process, which holds one file and its picture at a time."""
    return BASE_MB + (max_bytes + max_pixels * (DECODED if resized_first else WHOLE)) // 1_000_000


def minutes(images: int, max_pixels: int) -> int:
    """For one process: half an hour for its start and a slow disk; for an image 0.05 s, and 0.01 s a million pixels."""
    return 30 + round(images * (0.05 + 1e-8 * max_pixels) / 60)
