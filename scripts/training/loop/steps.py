"""How many optimizer steps a training split gives; light, since the Snakefile asks it while it builds the DAG."""

from scripts.errors import ConfigError

# The phases of a step that count as training time.
STEADY = ("data", "to_device", "augment", "forward_backward", "optimizer")


def steps(images: int, global_batch: int) -> int:
    """Steps of an epoch: whole global batches only, so that each step is the same amount of work."""
    return images // global_batch


def check_steps(images: int, global_batch: int, epochs: int, warmup_steps: int) -> None:
    """Raises ConfigError where `images` training images give no step, or none beside the warm-up."""
    if steps(images, global_batch) == 0:
        raise ConfigError(f"training.global_batch: found {global_batch}; expected at most the {images} training images")
    if (total := epochs * steps(images, global_batch)) <= warmup_steps:
        raise ConfigError(
            f"training.warmup_steps: found {warmup_steps}; expected fewer than the {total} steps of the whole training"
        )
