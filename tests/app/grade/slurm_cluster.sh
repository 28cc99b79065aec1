#!/usr/bin/env bash
# 'alab grade --slurm' on a real cluster: munged, slurmctld and two slurmd nodes on this machine, each node in process
# and host name spaces of its own. A node dies with all its processes while it judges, a task runs past its time, the
# watching is interrupted; then every submission has one result, judged once, and the class is, byte for byte, what a
# local run writes. About four minutes. Needs root, and Debian's slurmctld, slurmd and munge, which it installs when they
# are missing. Ends with 77 where it cannot run. Usage: tests/app/grade/slurm_cluster.sh path/to/alab
# SPDX-License-Identifier: MIT
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)"
alab="$(realpath "${1:?usage: slurm_cluster.sh path/to/alab}")"
started=$SECONDS
skip() { printf 'skipped: %s\n' "$*"; exit 77; }
note() { printf '%4d s  %s\n' "$((SECONDS - started))" "$*"; }

[ "$(id -u)" = 0 ] || skip "a cluster of one's own needs root"
PATH="$PATH:/usr/sbin:/sbin"
if ! command -v slurmctld slurmd munged sbatch >/dev/null; then
  { apt-get install -y --no-install-recommends slurmctld slurmd munge || { apt-get update && apt-get install -y --no-install-recommends slurmctld slurmd munge; }; } \
    >/dev/null 2>&1 </dev/null || skip "slurmctld, slurmd and munge cannot be installed here"
fi
unshare --fork --pid --mount-proc --uts true 2>/dev/null || skip "process and host name spaces cannot be made here"

work="$(mktemp -d /tmp/alab-slurm.XXXXXX)"
chmod 755 "$work"
daemons=()
end() {
  { kill -9 "${daemons[@]}"; wait "${daemons[@]}"; } 2>/dev/null || true
  if [ -n "${KEEP:-}" ]; then echo "kept: $work"; else rm -rf "$work"; fi
}
trap end EXIT
fail() { printf 'slurm_cluster.sh: %s\n' "$*" >&2; tail -n 15 "$work"/*.log >&2 || true; exit 1; }
# within SECONDS COMMAND...: until it succeeds.
within() {
  local until=$((SECONDS + $1)); shift
  while ! "$@" >/dev/null 2>&1; do [ "$SECONDS" -lt "$until" ] || return 1; sleep 0.2; done
}

# ---- the cluster
port=$((20000 + RANDOM % 20000))
dd if=/dev/urandom of="$work/munge.key" bs=1024 count=1 status=none && chmod 400 "$work/munge.key"
cat >"$work/slurm.conf" <<CONF
ClusterName=alab
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$port
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool.%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.%n.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SlurmdTimeout=10
KillWait=2
ReturnToService=2
NodeName=n1 NodeHostname=n1 NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=1 State=UNKNOWN
NodeName=n2 NodeHostname=n2 NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=1 State=UNKNOWN
PartitionName=short Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF="$work/slurm.conf"
mkdir "$work/state"
munged --foreground --force --key-file="$work/munge.key" --socket="$work/munge.socket" --pid-file="$work/munged.pid" \
  --log-file="$work/munged.log" --seed-file="$work/munge.seed" >/dev/null 2>&1 &
daemons+=($!)
within 10 test -S "$work/munge.socket" || fail "munged does not start"
slurmctld -D -f "$SLURM_CONF" >/dev/null 2>&1 &
daemons+=($!)
# What a node started ends with its first process, as on a machine that loses its power.
start_node() {
  mkdir -p "$work/spool.$1"
  unshare --fork --pid --mount-proc --uts --kill-child sh -c "hostname $1; slurmd -D -N $1 -f '$SLURM_CONF'; exit" >/dev/null 2>&1 &
  daemons+=($!)
  node=$!
}
start_node n1
first_node=$node
start_node n2
nodes_are_idle() { [ "$(sinfo --noheader --format=%D --states=idle)" = 2 ]; }
within 60 nodes_are_idle || fail "the nodes do not come up: $(sinfo 2>&1)"
note "$(sbatch --version): two nodes are up"

# ---- the class: eight submissions of 1a, no two the same
folder="$(find "$ROOT"/labs -type d -path '*/exercises/1a_*' -prune | head -n 1)"
# What a kernel without bounds writes beside its row depends on the moment: its points do not, its error map does.
sources=("$folder/solution.cu" "$folder/starter.cu")
for source in "$folder"/wrong/*.cu; do [ "$(basename "$source")" = no_bounds_test.cu ] || sources+=("$source"); done
students=(anna bert carl dora emil frida "o'neil %a" zoë)
for i in "${!students[@]}"; do
  mkdir -p "$work/in/${students[i]}"
  { cat "${sources[i % ${#sources[@]}]}"; echo "// submission $i"; } >"$work/in/${students[i]}/1a.cu"
done
ALAB_CACHE_DIR="$work/cache local" "$alab" grade "$work/in" --out "$work/local" --exercise 1a >"$work/local.log" ||
  fail "the local run failed"
note "the local run is through"

# ---- the run: a node dies while it judges, a task sleeps past its time, which it made a minute
cat >"$work/setup.sh" <<SETUP
echo "\$SLURM_ARRAY_JOB_ID \$SLURM_ARRAY_TASK_ID \$(hostname)" >>"$work/starts"
if [ "\$SLURM_ARRAY_TASK_ID" = 3 ] && [ ! -e "$work/slept" ]; then
  touch "$work/slept"
  scontrol update "jobid=\${SLURM_ARRAY_JOB_ID}_3" timelimit=1
  sleep 3000
fi
SETUP
export ALAB_CACHE_DIR="$work/cache slurm"
grade=("$alab" grade "$work/in" --out "$work/out" --exercise 1a --slurm --slurm-tasks 4 --time 30 --slurm-ask 1
  --slurm-setup ". $work/setup.sh")
"${grade[@]}" >>"$work/slurm.log" 2>&1 &
watching=$!
task_on_first_node() { task="$(squeue --noheader --array --states=R --nodelist=n1 --format=%K | head -n 1)" && [ -n "$task" ] && [ "$task" != 3 ]; }
judges_on_first_node() {
  task_on_first_node && [ "$(grep -c '^judging' "$work/out/slurm/round_1/$task.log")" = 1 ] && ! grep -q '^  ' "$work/out/slurm/round_1/$task.log"
}
within 120 judges_on_first_node || fail "nothing is judged on the first node"
pkill -9 -P "$first_node" || fail "the node has no process"
lost="$task"
died=0; ! tail -n 1 "$work/out/slurm/round_1/$lost.log" | grep -q '^judging' || died=1
note "node n1 was killed while task $lost judged"
kill -INT "$watching"
status=0; wait "$watching" || status=$?
[ "$status" = 130 ] || fail "the interrupted run ended with $status"
[ "$(squeue --noheader --array | wc -l)" -ge 1 ] || fail "the array did not go on"
note "the watching was interrupted; the array goes on"
node_is_down() { sinfo --noheader --nodes=n1 --format=%T | grep -q '^down'; }
within 120 node_is_down || fail "Slurm does not see that the node is lost"
note "Slurm has given up the node; it comes back"
start_node n1
status=0; "${grade[@]}" >>"$work/slurm.log" 2>&1 || status=$?
cat "$work/slurm.log"
[ "$status" = 0 ] || fail "the run ended with $status"
note "the run is through"

# ---- nothing is lost, nothing is judged twice
lines() { cat "$work"/out/slurm/round_*/*.log | grep -c -- "$1" || true; }
for student in "${students[@]}"; do
  [ "$(lines "^  [0-9.]* of [0-9.]*  $student\$")" = 1 ] || fail "$student was judged $(lines " of .*  $student\$") times"
  [ -s "$work/out/students/$student.json" ] || fail "$student has no result"
done
[ "$(find "$work/out/students" -type f | wc -l)" = 8 ] || fail "there are other than 8 results"
begun="$(lines '^judging')"
[ "$begun" = $((8 + died)) ] || fail "$begun submissions were begun, and not 8 and the $died that the node was judging"
grep -q "DUE TO TIME LIMIT" "$work/out/slurm/round_1/3.log" || fail "no task ran out of time"
[ "$(grep -c "^[0-9]* $lost " "$work/starts")" -ge 2 ] || fail "the lost task was not started again"
diff -r --exclude=slurm "$work/local" "$work/out" || fail "the class differs from the local run's"
: >"$work/starts"
"${grade[@]}" >>"$work/slurm.log" 2>&1 || fail "a run after the last one failed"
[ ! -s "$work/starts" ] || fail "what was judged was submitted again"
note "8 results, each judged once ($begun begun, of which $died died with the node); the class equals the local run's"
