"""Trainings that do, each in its way, what a training should not; their steps are told by scalecard_probe."""

import os
import subprocess
import sys
import tempfile
import time

from scalecard_probe import probe


def steps(count):
    for number in range(count):
        probe.step(4, loss=1 / (1 + number))


def makes_no_step():
    print("training done, accuracy 0.99")


def leaves_early():
    sys.exit("no data to train on")


def fails():
    steps(2)
    raise RuntimeError("the loss is\nnot finite")


def leaves_at_once():
    steps(3)
    os._exit(0)


def goes_elsewhere():
    os.chdir(tempfile.gettempdir())
    steps(2)


def leaves_a_child():
    steps(2)
    print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdout=subprocess.DEVNULL).pid)


def hangs():
    steps(3)
    print("hangs", flush=True)
    time.sleep(600)


def catches_its_end():
    try:
        steps(100_000)
    except BaseException as error:
        print(type(error).__name__)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
