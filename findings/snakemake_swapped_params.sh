#!/usr/bin/env bash
# snakemake 9.27.1 (October 2026)
#
# Behaviour: a rule whose params exchange their values is taken for unchanged. `low=1, high=2` made the file; with
# `low=2, high=1` there is "Nothing to be done", and the file stays as the old values made it. What is compared is the
# set of the values as text, without their names. `--list-changes params`, to which one would turn in doubt, is of no
# help: it names every file that was made, also where nothing has changed.
#
# Why one would guess otherwise: changed params are a reason to run again by default, a param has a name, and a single
# new value is seen. And a listing of changes is expected to be empty after a run, and to say what a run would.
#
# Seen:
#   low=1 high=2: nothing to run, made with 1 2, listed as changed: result.txt
#   low=2 high=1: nothing to run, made with 1 2, listed as changed: result.txt
#   low=1 high=3: one job to run, made with 1 2, listed as changed: result.txt
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check snakemake==9.27.1

cat > Snakefile <<'EOF'
rule cut:
    output: "result.txt"
    params: low=config["low"], high=config["high"]
    shell: "echo {params.low} {params.high} > {output}"
EOF
venv/bin/snakemake --cores 1 --config low=1 high=2 > log.txt 2>&1 || { tail log.txt; exit 1; }

look() {
  venv/bin/snakemake --dry-run --config "$@" > plan.txt 2>&1
  if grep -q "Nothing to be done" plan.txt; then plan="nothing to run"; else plan="one job to run"; fi
  listed="$(venv/bin/snakemake --list-changes params --config "$@" 2> /dev/null)"
  echo "$*: $plan, made with $(cat result.txt), listed as changed: ${listed:-none}"
}
seen="$(look low=1 high=2; look low=2 high=1; look low=1 high=3)"
echo "$seen"

if [ "$seen" != "low=1 high=2: nothing to run, made with 1 2, listed as changed: result.txt
low=2 high=1: nothing to run, made with 1 2, listed as changed: result.txt
low=1 high=3: one job to run, made with 1 2, listed as changed: result.txt" ]; then
  echo "changed: how params are compared with those of the last run" >&2
  exit 1
fi
