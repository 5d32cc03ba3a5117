#!/usr/bin/env bash
# snakemake 9.27.1 (October 2026), snakemake-executor-plugin-cluster-generic 1.0.9
#
# Behaviour: Ctrl-C cancels a cluster's jobs only while Snakemake is not asking how they are. While the status command
# runs, the list of active jobs is empty, and it is that list that is cancelled: the run ends as ever ("Terminating
# processes on user request"), no cancel command is called, and the jobs run on. The same holds for each executor that
# builds on RemoteExecutor (Slurm's too), and the slower the cluster answers the likelier it is.
#
# Why one would guess otherwise: the cancel command is documented to be called for the jobs that run, and mostly is.
#
# Seen:
#   interrupted between two looks: cancelled
#   interrupted during a look: not cancelled, the job runs on
set -euo pipefail

work="$(mktemp -d)"
trap 'cat "$work"/*/pid 2>/dev/null | xargs -r kill 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check snakemake==9.27.1 snakemake-executor-plugin-cluster-generic==1.0.9

cat > Snakefile <<'EOF2'
rule wait:
    output: "never"
    shell: "sleep 300; touch {output}"
EOF2
cat > submit <<'EOF2'
#!/bin/sh
setsid sh "$1" > /dev/null 2>&1 &
echo $! | tee pid
EOF2
cat > state <<'EOF2'
#!/bin/sh
touch looks; sleep 5; rm looks
echo running
EOF2
cat > cancel <<'EOF2'
#!/bin/sh
touch cancelled
kill "$@"
EOF2
chmod +x submit state cancel

interrupt() { # a folder, and whether a look must be under way or not
  mkdir "$1"
  (cd "$1" && exec python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)
os.execv(sys.argv[1], sys.argv[1:])' ../venv/bin/snakemake --snakefile ../Snakefile --jobs 1 --executor cluster-generic \
    --cluster-generic-submit-cmd ../submit --cluster-generic-status-cmd ../state --cluster-generic-cancel-cmd ../cancel \
    > log.txt 2>&1) &
  local run=$!
  until [ -e "$1/looks" ]; do kill -0 "$run" || { cat "$1/log.txt"; exit 1; }; sleep 0.1; done
  [ "$2" = during ] || while [ -e "$1/looks" ]; do sleep 0.1; done
  sleep 1
  kill -INT "$run"
  wait "$run" || true
  grep -q "on user request" "$1/log.txt" || { cat "$1/log.txt"; exit 1; }
  sleep 1
  if [ -e "$1/cancelled" ]; then echo cancelled
  elif kill -0 "$(cat "$1/pid")"; then echo "not cancelled, the job runs on"; fi
}

seen="interrupted between two looks: $(interrupt between after)
interrupted during a look: $(interrupt during during)"
echo "$seen"

if [ "$seen" != "interrupted between two looks: cancelled
interrupted during a look: not cancelled, the job runs on" ]; then
  echo "changed: whether Ctrl-C cancels jobs while Snakemake looks at them" >&2
  exit 1
fi
