"""Watching a training script of the user's from inside, without an edit of it.

What lies here is run by the script's own interpreter, which may have no scalecard, and any torch from 2.0 or none:
Python 3.9, the standard library, and torch only once the script has imported it. The folder is the last of the
script's path: the names in it must not be found by mistake.

Each rank writes `rank-<rank>.json` about its process (`launcher-<rank>.json` where it only started others that train):

| field | what it says |
| --- | --- |
| schema, rank, world_size, local_rank, host, pid | who wrote it; ranks are the process group's where there is one |
| started, began, seconds | start (ISO, UTC), the same by perf_counter, and seconds since then |
| python, torch, packages | versions of what is imported |
| device, gpu, threads | of the first optimizer's parameters; torch's at its first step |
| distributed | rank, backend, world_size of the process group; null: there was none |
| source | who tells of steps: `hooks`, `probe`; null: nobody has |
| steps, images, skipped_steps | counts; what a scaler skips is a step too |
| optimizers | steps of each class of optimizer |
| startup, tail | seconds until the training begins (steps.py), and from its last step to the script's end |
| warmup_steps, steady | seconds and steps behind the warm-up, without evaluations |
| edges | steps, from 0, at whose ends the clock is exact on CUDA too |
| loaders | of each kind of DataLoader: processes, batches and images that trained, and of evaluations |
| evaluation | the sum of these, and its seconds |
| stopped | `script`: by itself, `enough`: by us, `signal`: interrupted; null: it goes on, or was killed |
| caught, forced | steps made after `enough`; whether it had to be ended as it hung after that |
| exit, exception | exit status; one line of what it ended with |
| spawned, processes | how many it started by torch.multiprocessing.spawn, and by multiprocessing in all |
| children | process id and command of what it left behind, which was ended |
| cwd_changed | whether it went to another folder |
| written_steps | lines of the table, at most 200,000 |

`rank-<rank>.csv` has a line a step: `end` (seconds since the start), `images`, `loss` (each may be empty), and the
seconds of each phase (phases.py) since the end of the step before, or since the training began.
"""
