import subprocess
import sys

import pytest
from helping import ROOT

from scripts.closure import closure


def names(*modules: str) -> set[str]:
    return {str(path.relative_to(ROOT)) for path in closure(*modules)}


def test_a_closure_holds_what_a_program_imports_directly_or_not() -> None:
    found = names("scripts.loading.measure_loading")
    assert {"scripts/loading/measure_loading.py", "scripts/images/decode.py", "scripts/clock.py"} <= found
    assert "scripts/images/__init__.py" in found


def test_a_closure_holds_nothing_of_later_stages_or_other_plugins() -> None:
    found = names("scripts.loading.measure_loading", "scripts.loading.backends.pool_map")
    assert "scripts/loading/backends/pool_map.py" in found
    assert not [name for name in found if "training" in name or "scaling" in name or "report" in name]
    assert "scripts/loading/backends/pool_imap_unordered.py" not in found
    assert "scripts/config/__init__.py" not in found


@pytest.mark.parametrize(
    "module", ["scripts.images.split", "scripts.scaling.tabulate_training", "scripts.training.train"]
)
def test_a_closure_is_what_python_really_imports(module: str) -> None:
    code = f"import sys, {module}; print(*(m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'scripts'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {str(path) for path in closure(module)}


def test_an_unknown_module_is_an_error() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"no module scripts\.images\.nothing"):
        closure("scripts.images.nothing")


def test_what_the_snakefile_imports_is_light() -> None:
    code = "import sys, scripts.config, scripts.closure, scripts.images.manifest; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"torch", "cv2", "pandas", "numpy", "dask"} & set(done.stdout.split())
