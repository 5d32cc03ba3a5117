#!/usr/bin/env bash
# snakemake 9.27.1 (October 2026), snakemake-executor-plugin-slurm 2.8.0 (August 2026), Slurm 22.05.8 (of Debian 12)
#
# Behaviour: `tasks` of a rule changes its meaning where the rule asks for GPUs. Without any, `tasks: 4` is four tasks;
# with `gpu: 4` it is four tasks for each GPU: the executor says --ntasks-per-gpu=4, and Slurm sets 16 tasks and 16 CPUs
# aside. For an MPI rule the executor says --ntasks=4 beside it, and Slurm, told both, gives 16 without a word.
# `tasks_per_gpu: 1` beside `tasks: 4` gives four.
#
# Why one would guess otherwise: one task for each of four GPUs is the usual geometry of a training, `tasks` is the
# resource's name for sbatch's --ntasks everywhere else, and of two contradicting flags one expects a refusal, or the
# plain one to hold. Nothing fails: four times the CPUs are waited for, and charged.
#
# Seen, on a cluster of one node that the script starts, with files that stand for GPUs:
#   tasks 4: --ntasks=4 -> 4 tasks 4 CPUs
#   tasks 4 gpu 4: --ntasks-per-gpu=4 --ntasks=4 -> 16 tasks 16 CPUs
#   tasks 4 gpu 4 tasks_per_gpu 1: --ntasks-per-gpu=1 --ntasks=4 -> 4 tasks 4 CPUs
set -euo pipefail
export PATH="$PATH:/usr/sbin"

if ! command -v slurmctld > /dev/null || ! command -v slurmd > /dev/null || ! command -v munged > /dev/null; then
  [ "$(id -u)" = 0 ] || { echo "needs Slurm: apt-get install --no-install-recommends slurm-wlm munge" >&2; exit 1; }
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge > /dev/null
fi

work="$(mktemp -d)"
export SLURM_CONF="$work/slurm.conf"
finish() {
  if [ -s "$work/slurmctld.pid" ]; then
    scancel --me || true
    scontrol shutdown || true
  fi
  if [ -s "$work/munged.pid" ]; then kill "$(cat "$work/munged.pid")" || true; fi
  for _ in $(seq 100); do
    compgen -G "$work/*.pid" > /dev/null || break # each daemon removes its own
    sleep 0.1
  done
  rm -rf "$work"
}
trap finish EXIT
chmod 755 "$work" # munged insists on it
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check snakemake==9.27.1 \
  snakemake-executor-plugin-slurm==2.8.0 snakemake-executor-plugin-slurm-jobstep==0.6.1

# A cluster of one node, on ports that are free now.
read -r port other < <(python3 -c '
import socket
sockets = [socket.socket() for _ in range(2)]
for one in sockets:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))')
host="$(hostname -s)"
mkdir state spool
touch gpu0 gpu1 gpu2 gpu3
(umask 077; head -c 1024 /dev/urandom > munge.key)
munged --key-file="$work/munge.key" --socket="$work/munge.socket" --pid-file="$work/munged.pid" \
  --log-file="$work/munged.log" --seed-file="$work/munge.seed"
echo "Name=gpu File=$work/gpu[0-3]" > gres.conf
cat > slurm.conf <<EOF
ClusterName=small
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmctldPidFile=$work/slurmctld.pid
SlurmctldLogFile=$work/slurmctld.log
StateSaveLocation=$work/state
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
SlurmdPidFile=$work/slurmd.pid
SlurmdLogFile=$work/slurmd.log
SlurmdSpoolDir=$work/spool
SlurmdParameters=config_overrides
AuthInfo=socket=$work/munge.socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
MinJobAge=3600
GresTypes=gpu
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$other CPUs=32 RealMemory=4000 Gres=gpu:4
PartitionName=main Nodes=n1 Default=YES MaxTime=60 DefaultTime=5
EOF
slurmctld
slurmd -N n1
for _ in $(seq 200); do
  [ "$(sinfo --noheader --format %T 2> /dev/null)" != idle ] || break
  sleep 0.1
done

cat > Snakefile <<'EOF'
rule all:
    input: "without", "with", "told"

rule without:
    output: "without"
    resources: mpi="srun", tasks=4
    shell: "touch {output}"

rule with_gpus:
    output: "with"
    resources: mpi="srun", tasks=4, gpu=4
    shell: "touch {output}"

rule told:
    output: "told"
    resources: mpi="srun", tasks=4, gpu=4, tasks_per_gpu=1
    shell: "touch {output}"
EOF
venv/bin/snakemake --executor slurm --jobs 3 --verbose --slurm-logdir logs --slurm-status-command squeue \
  --slurm-init-seconds-before-status-checks 2 --default-resources mem_mb=500 runtime=5 > log.txt 2>&1 ||
  { tail log.txt; exit 1; }

said() { # what sbatch was told of the tasks of a rule
  grep -E "sbatch .*--comment rule_$1 " log.txt | grep -oE -- "--ntasks[a-z-]*=[0-9]+" | tr '\n' ' '
}
given() { # what Slurm made of it
  scontrol --oneliner show job | grep "Comment=rule_$1 " |
    sed -E 's/.*NumCPUs=([0-9]+) NumTasks=([0-9]+).*/\2 tasks \1 CPUs/'
}
seen="tasks 4: $(said without)-> $(given without)
tasks 4 gpu 4: $(said with_gpus)-> $(given with_gpus)
tasks 4 gpu 4 tasks_per_gpu 1: $(said told)-> $(given told)"
sbatch --version
echo "$seen"

if [ "$seen" != "tasks 4: --ntasks=4 -> 4 tasks 4 CPUs
tasks 4 gpu 4: --ntasks-per-gpu=4 --ntasks=4 -> 16 tasks 16 CPUs
tasks 4 gpu 4 tasks_per_gpu 1: --ntasks-per-gpu=1 --ntasks=4 -> 4 tasks 4 CPUs" ]; then
  echo "changed: how many tasks a rule with GPUs gets" >&2
  exit 1
fi
