#!/usr/bin/env bash
# grain 0.2.18 (June 2026)
#
# Behaviour: each worker process of Grain's DataLoader batches its own n-th records. So an epoch has more batches the more
# workers there are, with up to as many short ones at its end as there are workers; and Batch(drop_remainder=True) drops
# one of each worker, not one: of 37 records in batches of 8, three workers bring 24, where one brings 32.
#
# Why one would guess otherwise: the source is one of random access, the sampler knows every index, and worker_count reads
# as a matter of speed. With torch's DataLoader of the map style, batches are made before they are shared out, and no
# number of workers changes them.
#
# Seen, sizes of the batches of an epoch, then records brought with drop_remainder=True:
#   0 workers: 8 8 8 8 5, 32
#   1 workers: 8 8 8 8 5, 32
#   2 workers: 8 8 8 8 3 2, 32
#   3 workers: 8 8 8 5 4 4, 24
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check grain==0.2.18

cat > source.py <<'EOF'
class Source:
    def __len__(self) -> int:
        return 37

    def __getitem__(self, index: int) -> int:
        return int(index)

    def __repr__(self) -> str:
        return "Source"
EOF
cat > batches.py <<'EOF'
import logging
import sys

from source import Source

logging.getLogger("absl").setLevel(logging.ERROR)
import grain  # noqa: E402


def sizes(workers: int, drop: bool) -> list[int]:
    loader = grain.DataLoader(
        data_source=Source(),
        sampler=grain.samplers.IndexSampler(37, num_epochs=1),
        operations=[grain.transforms.Batch(8, drop_remainder=drop)],
        worker_count=workers,
        shard_options=grain.sharding.NoSharding(),
    )
    return [len(batch) for batch in loader]


if __name__ == "__main__":
    seen = {workers: (sizes(workers, False), sum(sizes(workers, True))) for workers in range(4)}
    for workers, (found, kept) in seen.items():
        print(f"{workers} workers: {' '.join(map(str, found))}, {kept}")
    if [seen[0], seen[2], seen[3]] != [([8, 8, 8, 8, 5], 32), ([8, 8, 8, 8, 3, 2], 32), ([8, 8, 8, 5, 4, 4], 24)]:
        sys.exit("changed: how records are batched by several workers")
EOF
venv/bin/python batches.py
