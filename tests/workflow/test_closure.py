import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helping import ROOT

from scripts.closure import Sources, closure, stand_in_path, stood_for


def names(*modules: str) -> set[str]:
    return {str(path.relative_to(ROOT)) for path in closure(*modules)}


def test_a_closure_holds_what_a_program_imports_directly_or_not() -> None:
    found = names("scripts.loading.measuring.measure_loading")
    assert {"scripts/loading/measuring/measure_loading.py", "scripts/images/decode.py", "scripts/clock.py"} <= found
    assert "scripts/images/__init__.py" in found


def test_a_closure_holds_nothing_of_later_stages_or_other_plugins() -> None:
    found = names("scripts.loading.measuring.measure_loading", "scripts.loading.backends.pools.pool_map")
    assert "scripts/loading/backends/pools/pool_map.py" in found
    assert not [name for name in found if "training" in name or "scaling" in name or "report" in name]
    assert "scripts/loading/backends/pools/pool_imap_unordered.py" not in found
    assert "scripts/config/__init__.py" not in found


@pytest.mark.parametrize(
    "module", ["scripts.images.split", "scripts.scaling.tables.tabulate_training", "scripts.training.launch.train"]
)
def test_a_closure_is_what_python_really_imports(module: str) -> None:
    code = f"import sys, {module}; print(*(m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'scripts'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {str(path) for path in closure(module)}


def test_an_unknown_module_is_an_error() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"no module scripts\.images\.nothing"):
        closure("scripts.images.nothing")


PROGRAM = ("scripts.loading.measuring.measure_loading", "scripts.loading.backends.plain.joblib")


def test_one_file_stands_for_a_program_and_is_as_old_as_its_newest_source(tmp_path: Path) -> None:
    path = Sources(tmp_path).stand_in(*PROGRAM)
    assert path == stand_in_path(tmp_path, *PROGRAM) == tmp_path / "loading.measuring.measure_loading-joblib"
    assert {ROOT / name for name in stood_for(path)} == set(closure(*PROGRAM))
    assert path.stat().st_mtime_ns == max(source.stat().st_mtime_ns for source in closure(*PROGRAM))


def test_it_is_written_again_only_when_a_source_changes(tmp_path: Path) -> None:
    path = Sources(tmp_path).stand_in(*PROGRAM)
    os.utime(path, ns=(0, 0))
    assert Sources(tmp_path).stand_in(*PROGRAM).stat().st_mtime_ns == 0
    path.write_text(path.read_text().replace("scripts/clock.py", "scripts/other.py"))
    os.utime(path, ns=(0, 0))
    assert Sources(tmp_path).stand_in(*PROGRAM).stat().st_mtime_ns > 0
    assert "scripts/clock.py" in stood_for(path)


def test_a_source_is_read_again_only_when_its_time_or_size_has_changed(tmp_path: Path) -> None:
    path = Sources(tmp_path).stand_in(*PROGRAM)
    remembered = tmp_path / "sources.json"
    found = json.loads(remembered.read_text())
    found["scripts/clock.py"][2] = "as remembered"
    remembered.write_text(json.dumps(found))
    Sources(tmp_path).stand_in(*PROGRAM)
    assert "as remembered  scripts/clock.py" in path.read_text()
    found["scripts/clock.py"][0] -= 1
    remembered.write_text(json.dumps(found))
    Sources(tmp_path).stand_in(*PROGRAM)
    assert "as remembered" not in path.read_text()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"scripts/clock.py": 1}', '{"scripts/clock.py": [1, 2]}'])
def test_what_is_remembered_may_be_damaged(damage: str, tmp_path: Path) -> None:
    path = Sources(tmp_path).stand_in(*PROGRAM)
    before = path.read_text()
    (tmp_path / "sources.json").write_text(damage)
    assert Sources(tmp_path).stand_in(*PROGRAM).read_text() == before


def test_what_the_snakefile_imports_is_light() -> None:
    code = "import sys, scripts.config, scripts.closure, scripts.images.manifest; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"torch", "cv2", "pandas", "numpy", "dask"} & set(done.stdout.split())
