"""scalecard: five rooms (images, loading, training, scaling, report) and what they share.

Whoever imports this, the Snakefile or a program, sets for itself and for all that it starts what no result may take
from outside, before a library can read it. What the environment rightly decides stays as it is found: which cores and
how much of them, network interfaces, where caches lie. What was set aside is in the record (scripts/machine.py).
"""

import os
from pathlib import Path

SET_ASIDE = "SCALECARD_SET_ASIDE_"  # before the name of a variable that was meant for other programs
# OpenMP's bind all threads of a process to one core as its library is loaded, or give it fewer threads than its point
# has: all but the number of threads, which a rule gives.
_FAMILIES = ("OMP_", "GOMP_", "KMP_")
_SWITCHES = (
    "JOBLIB_MULTIPROCESSING",  # 0: its workers are none
    *("TORCHDYNAMO_DISABLE", "TORCH_COMPILE_DISABLE", "NVIDIA_TF32_OVERRIDE", "CUDA_LAUNCH_BLOCKING"),
    *("PYTHONDEVMODE", "PYTHONINSPECT", "PYTHONMALLOC", "PYTHONOPTIMIZE", "PYTHONTRACEMALLOC", "PYTHONWARNINGS"),
)


def _for_others(name: str) -> bool:
    return name in _SWITCHES or (name.startswith(_FAMILIES) and name != "OMP_NUM_THREADS")


for _name in filter(_for_others, list(os.environ)):
    os.environ[SET_ASIDE + _name] = os.environ.pop(_name)
# Modules are found in this checkout, then where the user names absolute folders; an empty entry would be the working
# folder, and so would be what Python adds by itself.
_path = [str(Path(__file__).resolve().parent.parent), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(entry for entry in _path if Path(entry).is_absolute()))
os.environ["PYTHONSAFEPATH"] = "1"
os.environ["MPLBACKEND"] = "agg"
