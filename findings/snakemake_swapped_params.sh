#!/usr/bin/env bash
# snakemake 9.27.1 (October 2026)
#
# Behaviour: a rule whose params exchange their values is taken for unchanged. `low=1, high=2` made the file; with `low=2, high=1`
# there is "Nothing to be done", and the file stays as the old values made it. What is remembered of params is the set of
# their values as text, without their names. The same Snakemake knows better: `--list-changes params` names the file.
#
# Why one would guess otherwise: changed params are a reason to run again by default, a param has a name, and a single new value
# is seen. One expects the pairs of name and value to be compared, as `--list-changes` seems to do.
#
# Seen:
#   low=1 high=2  made with: 1 2
#   low=1 high=3  one job to run
#   low=2 high=1  nothing to run, made with: 1 2, listed as changed: result.txt
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
snake() { venv/bin/snakemake --cores 1 "$@" 2>&1; }

snake --config low=1 high=2 > made.log
echo "low=1 high=2  made with: $(cat result.txt)"

third="$(snake --dry-run --config low=1 high=3)"
if grep -q "Params have changed" <<< "$third"; then one="one job to run"; else one="nothing to run"; fi
echo "low=1 high=3  $one"

swapped="$(snake --config low=2 high=1)"
if grep -q "Nothing to be done" <<< "$swapped"; then two="nothing to run"; else two="a job was run"; fi
listed="$(venv/bin/snakemake --cores 1 --list-changes params --config low=2 high=1 2> /dev/null)"
seen="$two, made with: $(cat result.txt), listed as changed: ${listed:-nothing}"
echo "low=2 high=1  $seen"

if [ "$one; $seen" != "one job to run; nothing to run, made with: 1 2, listed as changed: result.txt" ]; then
  echo "changed: how params are compared with those of the last run" >&2
  exit 1
fi
