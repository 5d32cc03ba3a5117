"""The allocator of the ranks, by what is installed."""

import os
import subprocess
import sys

import pytest
from helping import ROOT

from scripts.errors import UserError
from scripts.training.launch import allocator


def test_a_program_runs_on_the_allocator_that_auto_finds() -> None:
    found = allocator.environment("auto")
    code = "from scripts.machine import memory_allocator; print(memory_allocator())"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | found, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ("tcmalloc" if "LD_PRELOAD" in found else "glibc")
    assert done.stderr == ""  # ld.so complains there of a library that it cannot preload


def test_auto_is_tcmalloc_where_it_is_installed_and_else_glibc_that_keeps_its_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(allocator, "LIBRARIES", {"tcmalloc": (("nowhere", "c"), "p")})
    assert allocator.environment("auto") == {"LD_PRELOAD": "libc.so.6"}
    monkeypatch.setattr(allocator, "LIBRARIES", {"tcmalloc": (("nowhere",), "p")})
    assert allocator.environment("auto") == allocator.environment("glibc")
    assert allocator.environment("glibc")["MALLOC_MMAP_MAX_"] == "0"
    with pytest.raises(UserError, match=r"found tcmalloc, which is not installed; expected its library \(Debian: p\)"):
        allocator.environment("tcmalloc")
