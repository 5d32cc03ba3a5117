"""The errors that a user can mend: each message names the file or key, what was found and what was expected."""


class UserError(Exception):
    """A mistake in the input, shown as one message and a non-zero exit, never as a traceback."""


class PassingError(UserError):
    """What ended this attempt may not end the next: others work on the output, Slurm or a node does not answer, memory
    ran out, of which the next attempt has more.
    """


class ConfigError(UserError):
    """A config key with a value that cannot be used."""


class ImageError(UserError):
    """An image, or a folder of images, that cannot be used."""
