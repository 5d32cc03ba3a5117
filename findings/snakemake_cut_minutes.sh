#!/usr/bin/env bash
# snakemake 9.27.1 (October 2026)
#
# Behaviour: a time with a unit is cut to whole minutes, not rounded up: `runtime: "119s"` asks for 1 minute, as "1.99m"
# does. The same as a number, 1.99, is 2. A size with a unit is rounded up: `mem: "1000001B"` asks for 2 MB. The number
# of minutes is what an executor gets (that for Slurm hands it to sbatch as the limit, after which the job is killed).
#
# Why one would guess otherwise: both are requests, and of a request too little is worse than too much. The function
# that reads them stands in one place and does it for sizes, so one expects it for times.
#
# Seen:
#   59s 1 min
#   61s 1 min
#   119s 1 min
#   1.99m 1 min
#   0.999h 59 min
#   1.99 2 min
#   1B 1 MB
#   1000001B 2 MB
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check snakemake==9.27.1

cat > Snakefile <<'EOF'
times = {"a": "59s", "b": "61s", "c": "119s", "d": "1.99m", "e": "0.999h", "f": 1.99}
sizes = {"a": "1B", "b": "1000001B"}

rule all:
    input: expand("time/{name}", name=times), expand("size/{name}", name=sizes)

rule ask_time:
    output: "time/{name}"
    resources: runtime=lambda wildcards: times[wildcards.name]
    params: asked=lambda wildcards: times[wildcards.name]
    shell: "echo {params.asked} {resources.runtime} min > {output}"

rule ask_size:
    output: "size/{name}"
    resources: mem=lambda wildcards: sizes[wildcards.name]
    params: asked=lambda wildcards: sizes[wildcards.name]
    shell: "echo {params.asked} {resources.mem_mb} MB > {output}"
EOF
venv/bin/snakemake --cores 1 > log.txt 2>&1 || { tail log.txt; exit 1; }
seen="$(cat time/* size/*)"
echo "$seen"

if [ "$seen" != "59s 1 min
61s 1 min
119s 1 min
1.99m 1 min
0.999h 59 min
1.99 2 min
1B 1 MB
1000001B 2 MB" ]; then
  echo "changed: how a time or size with a unit is rounded" >&2
  exit 1
fi
