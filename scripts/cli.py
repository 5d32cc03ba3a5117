"""What every program does around its own work: parse flags, log, report a user's mistake in one line, show progress.

Each program is `python -m scripts.<room>.<program>`; `--help` prints its module docstring. Log lines go to stderr, so a
rule's `2> {log}` keeps them.
"""

import argparse
import errno
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from scripts.errors import PassingError, UserError, in_one_line

T = TypeVar("T")
ERROR, MAY_PASS = "error: ", "(may pass) "
log = logging.getLogger("scalecard")


def parser(doc: str | None) -> argparse.ArgumentParser:
    """An argument parser whose help is the program's docstring."""
    return argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)


def run(main: Callable[[], None], at_once: bool = False) -> None:
    """Run a program's `main`; a UserError or a full disk ends it with exit status 1 and one line, no traceback. That
    begins with ERROR where another attempt would end alike (scripts/slurm/attempts.py).

    Args:
        main: what it does; where that ends well the process may go `at_once`: to take down an interpreter with torch in
            it takes a second.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        main()
    except PassingError as error:
        sys.exit(f"{MAY_PASS}{ERROR}{error}")
    except UserError as error:
        sys.exit(f"{ERROR}{error}")
    except OSError as error:
        if "AF_UNIX" in str(error):
            sys.exit(f"{ERROR}{in_one_line(error)}")
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        sys.exit(f"{MAY_PASS}{ERROR}{error.filename or 'an output'}: {error.strerror}")
    if at_once:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def progress(items: Iterable[T], total: int, doing: str) -> Iterator[T]:
    """Pass `items` on, showing how far it is: a bar for a person who watches, a log line at each tenth otherwise."""
    # Where nothing but Snakemake is installed, as where workflows are linted, this module is imported too.
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    if console.is_terminal:
        yield from track(items, description=doing, total=total, console=console)
        return
    for done, item in enumerate(items, start=1):
        yield item
        if done * 10 // total > (done - 1) * 10 // total:
            log.info("%s: %d of %d", doing, done, total)
