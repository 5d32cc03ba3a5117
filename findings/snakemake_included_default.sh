#!/usr/bin/env bash
# snakemake 9.27.1 (October 2026)
#
# Behaviour: a Snakefile of one line that includes another has no default target, though a rule of the included file says
# `default_target: True`. A call without a target makes nothing and ends with status 0. Named, the target is there; given
# as the Snakefile, the included file has it too.
#
# Why one would guess otherwise: an include is described as if its text stood in its place, the included rules can be
# asked for by name, and a rule that is declared to be the default target says so wherever it stands.
#
# Seen:
#   one line that includes it: status 0, nothing made
#   the same, target named: status 0, made
#   the included file itself: status 0, made
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check snakemake==9.27.1

mkdir workflow
echo 'include: "workflow/Snakefile"' > Snakefile
cat > workflow/Snakefile <<'EOF'
rule everything:
    default_target: True
    input: "result.txt"

rule make_it:
    output: "result.txt"
    shell: "echo made > {output}"
EOF

look() {
  rm -rf result.txt .snakemake
  status=0
  venv/bin/snakemake --cores 1 "${@:2}" > log.txt 2>&1 || status=$?
  if [ -e result.txt ]; then echo "$1: status $status, made"; else echo "$1: status $status, nothing made"; fi
}
seen="$(look "one line that includes it"
look "the same, target named" everything
look "the included file itself" --snakefile workflow/Snakefile)"
echo "$seen"

if [ "$seen" != "one line that includes it: status 0, nothing made
the same, target named: status 0, made
the included file itself: status 0, made" ]; then
  echo "changed: what an included file's default target is to the file that includes it" >&2
  exit 1
fi
