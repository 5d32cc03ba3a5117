#!/usr/bin/env bash
# webdataset 1.0.2 (June 2025)
#
# Behaviour: WebDataset(urls, shardshuffle=100) draws the order of its tar files once: each further epoch of the same
# dataset has the first one's order, with a seed or without one. Only detshuffle=True beside it draws a new order for each
# epoch; .shuffle(n) after it, a buffer of samples, does too.
#
# Why one would guess otherwise: shuffling that is asked for by its own argument is a new order in each epoch with
# torch's DataLoader, litdata and MosaicML Streaming. "det" in detshuffle sounds like the fixed order, and is the other.
#
# Seen, of 12 tar files, whether the second and third epoch have the order of the first:
#   shardshuffle=100: same same
#   shardshuffle=100, seed=5: same same
#   shardshuffle=100, detshuffle=True: other other
#   shardshuffle=False, then .shuffle(20): other other
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check webdataset==1.0.2

cat > epochs.py <<'EOF'
import sys

import webdataset

urls = [f"{number:02d}.tar" for number in range(12)]
for url in urls:
    with webdataset.TarWriter(url) as tar:
        tar.write({"__key__": url[:2], "txt": url[:2]})


def epochs(buffer: int = 0, **settings: object) -> str:
    dataset = webdataset.WebDataset(urls, empty_check=False, **settings)
    dataset = dataset.shuffle(buffer) if buffer else dataset
    orders = [[sample["__key__"] for sample in dataset] for _ in range(3)]
    assert all(sorted(order) == sorted(orders[0]) for order in orders)
    return " ".join("same" if order == orders[0] else "other" for order in orders[1:])


seen = {
    "shardshuffle=100": epochs(shardshuffle=100),
    "shardshuffle=100, seed=5": epochs(shardshuffle=100, seed=5),
    "shardshuffle=100, detshuffle=True": epochs(shardshuffle=100, detshuffle=True),
    "shardshuffle=False, then .shuffle(20)": epochs(20, shardshuffle=False),
}
for name, found in seen.items():
    print(f"{name}: {found}")
if list(seen.values()) != ["same same", "same same", "other other", "other other"]:
    sys.exit("changed: which epochs have another order of tar files")
EOF
venv/bin/python epochs.py
