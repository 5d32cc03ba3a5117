"""Stands for the interpreter: hands its command to the process that has imported what it needs, passes signals on, and
ends as the program ends.

Beside it lies what it must know (__init__.py). It starts with the bare interpreter, so it imports little.
"""

import fcntl
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys

# What is read before the first line of a program, or as a library is imported.
EARLY = (
    "OMP_",
    "KMP_",
    "MKL_",
    "OPENBLAS_",
    "NUMEXPR_",
    "MALLOC_",
    "LD_",
    "TORCH",
    "CUDA_",
    "MPL",
    "LANG",
    "LC_",
    "TZ",
)
HERE = os.path.dirname(os.path.abspath(sys.argv[0]))
with open(os.path.join(HERE, "about.json")) as about:
    ABOUT = json.load(about)
PROGRAMS = {"scripts", "snakemake", "waiting_rank"}
NOT_EARLY = ("TORCHELASTIC_",)
PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


def command():
    """Module and arguments, where a warm process may run them."""
    words = sys.argv[1:]
    if words[:1] == ["-u"]:
        words = words[1:]
    warm = len(words) > 1 and words[0] == "-m" and words[1].split(".")[0] in PROGRAMS
    # Who made a network of its own for a program wants it there.
    return (
        words[1:]
        if warm and os.readlink("/proc/self/ns/net") == os.readlink(f"/proc/{ABOUT['session']}/ns/net")
        else None
    )


def libraries(module):
    if module == "snakemake":
        return module
    trains = module.startswith("scripts.training.") and module != "scripts.training.launch.train"
    return "torch" if trains or module == "waiting_rank" else "tables"


def connect(module):
    """A connection to the process for `module` and this environment, which is started where there is none yet."""
    early = {k: v for k, v in os.environ.items() if k.startswith(EARLY) and not k.startswith(NOT_EARLY)}
    early |= {k: v for k, v in os.environ.items() if k.startswith("PYTHON") and k != "PYTHONPATH"}
    told_apart = [libraries(module), sorted(early.items()), sorted(os.sched_getaffinity(0))]
    path = os.path.join(HERE, hashlib.sha256(json.dumps(told_apart).encode()).hexdigest()[:16])
    connection = socket.socket(socket.AF_UNIX)
    with open(os.path.join(HERE, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            connection.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
            listens, tells = os.pipe()
            words = [ABOUT["python"], ABOUT["server"], libraries(module), path, str(ABOUT["session"]), str(tells)]
            kept = {"pass_fds": [tells], "start_new_session": True, "stdin": subprocess.DEVNULL}
            with open(f"{path}.log", "w") as log:
                subprocess.Popen(words, cwd="/", env=environment, stdout=log, stderr=log, **kept)
            os.close(tells)
            os.read(listens, 1)  # it listens, or it is dead
            connection.connect(path)
    return connection


def main():
    words = command()
    if words is None:
        os.execv(ABOUT["python"], [ABOUT["python"], *sys.argv[1:]])
    connection = connect(words[0])
    request = {"words": words, "python": sys.argv[0], "folder": os.getcwd(), "environment": dict(os.environ)}
    content = json.dumps(request).encode()
    socket.send_fds(connection, [b"%020d" % len(content)], [0, 1, 2])
    connection.sendall(content)
    told = connection.makefile()
    process = int(told.readline())
    for number in PASSED_ON:
        signal.signal(number, lambda heard, _: os.kill(process, heard))
    status = int(told.readline())
    if status < 0:
        signal.signal(-status, signal.SIG_DFL) if -status != signal.SIGKILL else None
        os.kill(os.getpid(), -status)
    os._exit(status)


main()
