"""What is said of errors that are no mistake in the input."""

import logging
import tempfile

import pytest

from scripts import cli
from scripts.errors import in_one_line


def test_a_path_that_is_too_long_for_a_socket_names_where_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/long")
    said = in_one_line(OSError("AF_UNIX path too long"))
    assert said.startswith("OSError: AF_UNIX path too long; TMPDIR is /long, in which processes make sockets")
    assert "set a shorter one, and `--config again=invalid` measures again" in said
    assert in_one_line(ValueError("first\nsecond")) == "ValueError: first"


def test_a_program_that_it_ends_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)

    def main() -> None:
        raise OSError("AF_UNIX path too long")

    with pytest.raises(SystemExit, match=r"^error: OSError: AF_UNIX path too long; TMPDIR is "):
        cli.run(main)
