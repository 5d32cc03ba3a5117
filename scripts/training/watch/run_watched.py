"""Run a script as Python would, and write what its training does into a folder (scalecard_watch/running.py).

PYTHON run_watched.py --out FOLDER --options JSON -- SCRIPT ARGUMENTS... (or -m MODULE ARGUMENTS...), with RANK,
WORLD_SIZE and LOCAL_RANK in the environment as torchrun sets them.
"""

import importlib
import os
import sys

if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]  # this folder, where the script's is to be
    sys.path.append(here)
    importlib.import_module("scalecard_watch.running").main(sys.argv[1:])
