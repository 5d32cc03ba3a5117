"""A training without torch: a linear model whose gradients the processes of a pool compute."""

import argparse
import json
import multiprocessing
import sys

from scalecard_probe import probe


def gradient(work):
    weights, rows = work
    return [sum(weight * value for weight, value in zip(weights, row)) for row in rows]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--steps", type=int, default=6)
    args = parser.parse_args()
    weights = [1.0, 2.0]
    made = 0
    with multiprocessing.Pool(args.processes) as pool:
        try:
            for _ in range(args.steps):
                made += 1
                found = pool.map(gradient, [(weights, [[1.0, 2.0], [3.0, 4.0]])] * args.processes)
                probe.step(2 * args.processes, loss=sum(map(sum, found)) / made)
        finally:
            print(json.dumps({"steps": made, "torch": "torch" in sys.modules}), flush=True)


if __name__ == "__main__":
    main()
