#!/usr/bin/env bash
# snakemake 9.27.1 (October 2026), snakefmt 2.1.0
#
# Behaviour: in a function of a rule file, a keyword argument called as one of Snakemake's directives (`include=`,
# `container=`, `ruleorder=`) is taken for the directive where it begins a line, also inside the parentheses of a call:
# Snakemake ends with a KeyError of its own reading of the file, snakefmt with "InvalidPython". On one line with the
# parenthesis the same argument is Python, and so is any other name.
#
# Why one would guess otherwise: inside parentheses no statement begins, and line breaks there mean nothing in Python, in
# which the functions of a rule file are written.
#
# Seen:
#   include= on a line of its own: snakemake fails, snakefmt fails
#   include= on one line: snakemake runs it, snakefmt takes it
#   selected= on a line of its own: snakemake runs it, snakefmt takes it
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check snakemake==9.27.1 snakefmt==2.1.0

try() { # a folder, the call in its Snakefile, what is said of it
  mkdir "$1"
  printf 'def fields(**named):\n    return sorted(named)\n\n\nasked = %b\n\n\nrule all:\n    output:\n        "done",\n    %s\n' \
    "$2" 'shell:
        "echo {asked} > {output}"' > "$1/Snakefile"
  local runs=fails takes=fails
  (cd "$1" && ../venv/bin/snakemake --quiet all --cores 1 > run.txt 2>&1) && runs="runs it"
  venv/bin/snakefmt --check "$1/Snakefile" > "$1/said.txt" 2>&1 && takes="takes it"
  echo "$3: snakemake $runs, snakefmt $takes"
}

seen="$(
  try apart 'fields(\n    include=3,\n)' "include= on a line of its own"
  try beside 'fields(include=3)' "include= on one line"
  try other 'fields(\n    selected=3,\n)' "selected= on a line of its own"
)"
echo "$seen"
diff <(echo "$seen") - <<'EOF2'
include= on a line of its own: snakemake fails, snakefmt fails
include= on one line: snakemake runs it, snakefmt takes it
selected= on a line of its own: snakemake runs it, snakefmt takes it
EOF2
