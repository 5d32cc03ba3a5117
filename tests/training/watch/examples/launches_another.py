"""A script that starts another interpreter for its training, which tells of its steps by scalecard_probe."""

import os
import subprocess
import sys
import time
from pathlib import Path

import scalecard_probe

TRAINING = """
import json, os
from scalecard_probe import probe
for images in (1, 2, 3):
    probe.step(images)
print(json.dumps({"pid": os.getpid()}))
"""

time.sleep(1.2)  # this process has written that it made no step
found = os.environ | {"PYTHONPATH": str(Path(scalecard_probe.__file__).parent)}
subprocess.run([sys.executable, "-c", TRAINING], env=found, check=True)
