#!/usr/bin/env bash
# PuLP 3.3.2 (May 2026) with the CBC that its wheel carries, beside highspy 1.15.1 (July 2026)
#
# Behaviour: a switch (a binary variable) with a large capacity behind it can be off while what it switches is used.
# With amount <= capacity * on, amount >= 5 and capacity 10,000,000, CBC by PuLP returns on = 0.0 and amount = 5.0,
# status "Optimal", objective 0: an answer that breaks its constraint by 5. Within CBC a switch is off when it is below
# 1e-6, and 5e-7 was enough to let 5 through; then it is rounded to 0. PuLP hands the answer on as it came, though its
# own valid() says no. With a capacity of 1,000,000 the answer is right; by HiGHS, from the same model, it always is.
#
# Why one would guess otherwise: "Optimal" and a binary of exactly 0.0 read as a proof, tolerances are thought to blur
# the sixth digit of a result, and nothing here is large for a double. Bytes or cents as units are enough to get there.
#
# Seen:
#   capacity 1,000,000   CBC   Optimal  on 1  amount 5  cost 1000  valid
#   capacity 1,000,000   HiGHS Optimal  on 1  amount 5  cost 1000  valid
#   capacity 10,000,000  CBC   Optimal  on 0  amount 5  cost 0  not valid
#   capacity 10,000,000  HiGHS Optimal  on 1  amount 5  cost 1000  valid
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check pulp==3.3.2 highspy==1.15.1

venv/bin/python -W ignore - > said.txt <<'EOF'
import pulp

SOLVERS = {"CBC": "PULP_CBC_CMD", "HiGHS": "HiGHS"}
for capacity in (1_000_000, 10_000_000):
    for name, solver in SOLVERS.items():
        model = pulp.LpProblem("open_or_shut", pulp.LpMinimize)
        on = model.add_variable("on", cat="Binary")
        amount = model.add_variable("amount", 0)
        model += 1000 * on
        model += amount >= 5
        model += amount <= capacity * on
        model.solve(pulp.getSolver(solver, msg=False))
        answer = f"on {on.value():g}  amount {amount.value():g}  cost {pulp.value(model.objective):g}"
        valid = "valid" if model.valid(1e-6) else "not valid"
        print(f"capacity {capacity:<11,} {name:5} {pulp.LpStatus[model.status]}  {answer}  {valid}")
EOF
seen="$(grep ^capacity said.txt)" # HiGHS says who it is
echo "$seen"

if [ "$seen" != "capacity 1,000,000   CBC   Optimal  on 1  amount 5  cost 1000  valid
capacity 1,000,000   HiGHS Optimal  on 1  amount 5  cost 1000  valid
capacity 10,000,000  CBC   Optimal  on 0  amount 5  cost 0  not valid
capacity 10,000,000  HiGHS Optimal  on 1  amount 5  cost 1000  valid" ]; then
  echo "changed: a switch with a large capacity behind it" >&2
  exit 1
fi
