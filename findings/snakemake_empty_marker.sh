#!/usr/bin/env bash
# snakemake 9.27.1 (October 2026)
#
# Behaviour: a marker made by touch(), which is an empty file, tells the rules behind it nothing once it was made by an
# earlier call. The rule before it ran again on new data, the marker is newer than the result, and the next call finds
# "Nothing to be done": an input that is newer but has the same checksum is no reason to run, and an empty file always
# has the same. Within one call all runs as expected, so that it depends on how a run was cut into calls. A marker with
# content is seen.
#
# Why one would guess otherwise: touch() is there to order rules that share a folder or a database, and it is known from
# make that what is newer makes stale. The check by content was added to save work after a copy or a checkout.
#
# Seen, after new data and two calls, one up to the marker and one for all:
#   empty marker         result of the old data
#   marker with content  result of the new data
#   empty marker, all in one call: result of the new data
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check snakemake==9.27.1

cat > Snakefile <<'EOF'
rule use:
    input: "done"
    output: "result"
    shell: "cp database {output}"

rule fill:
    input: "data"
    output: touch("done") if config["marker"] == "empty" else "done"
    params: mark="true" if config["marker"] == "empty" else "cksum database > done"
    shell: "cp {input} database; {params.mark}"
EOF
snake() { venv/bin/snakemake --cores 1 --config "marker=$marker" -- "$@" >> log.txt 2>&1; }
renew() { sleep 1.1; echo new > data; }
begin() { rm -rf .snakemake "done" result database; marker="$1"; echo old > data; snake use; sleep 1.1; }

begin empty; renew; snake fill; snake use; empty="$(cat result)"
echo "empty marker         result of the $empty data"
begin filled; renew; snake fill; snake use; filled="$(cat result)"
echo "marker with content  result of the $filled data"
begin empty; renew; snake use; at_once="$(cat result)"
echo "empty marker, all in one call: result of the $at_once data"

if [ "$empty $filled $at_once" != "old new new" ]; then
  echo "changed: what an empty marker tells the rules behind it" >&2
  exit 1
fi
