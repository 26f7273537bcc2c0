#!/usr/bin/env bash
# A SLURM of four nodes on this machine, for tests; root, Debian's packages, no systemd, no accounting.
#   slurm.sh start DIR    install what is missing, start, wait until every node answers
#   slurm.sh crash DIR n2 kill a node and all that runs on it; `start` brings it back
#   slurm.sh away DIR     end the controller; jobs run on; `start` brings it back
#   slurm.sh stop DIR     cancel jobs and end the daemons that `start` recorded in DIR
# Clients find it through SLURM_CONF=DIR/slurm.conf. One at a time on a machine; DIR's path is short.
set -euo pipefail
COMMAND=$1
mkdir -p "$2"/{run,state,spool,log}
DIR=$(cd "$2" && pwd -P)
chmod 755 "$DIR"  # munged insists
export SLURM_CONF=$DIR/slurm.conf LC_ALL=C
NODES="n1 n2 n3 n4"
PORT=16800  # of the controller; the nodes take the next four
# The plugin's job step drops SLURM_CONF, and srun then looks here.
DEFAULT_CONF=/run/slurm/conf/slurm.conf

install_packages() {
  command -v slurmd slurmctld munged sbatch >/dev/null && return
  # The packages' own services must not start.
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    trap "rm -f $policy" EXIT
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends slurm-wlm munge
}

configure() {
  local host
  host=$(hostname -s)
  head -c 1024 /dev/urandom >"$DIR/munge.key"
  chmod 600 "$DIR/munge.key"
  # Neither cgroups nor pinning, so that it runs in containers and may promise more cores than there
  # are. Memory is policed by polling. Finished jobs stay visible to squeue for MinJobAge seconds, since
  # without accounting it alone knows how they ended. cred_expire is also how long a requeued job waits.
  cat >"$SLURM_CONF" <<CONF
ClusterName=realink
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$PORT
SlurmUser=root
SlurmdUser=root
AuthInfo=socket=$DIR/run/munge.socket,cred_expire=20
StateSaveLocation=$DIR/state
SlurmdSpoolDir=$DIR/spool/%n
SlurmctldPidFile=$DIR/run/slurmctld.pid
SlurmdPidFile=$DIR/run/%n.slurm.pid
SlurmctldLogFile=$DIR/log/slurmctld.log
SlurmdLogFile=$DIR/log/%n.log
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=2
JobAcctGatherParams=OverMemoryKill
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=5,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
GresTypes=gpu
DefMemPerCPU=500
MinJobAge=3600
EnforcePartLimits=ALL
KillWait=3
SlurmdTimeout=10
CompleteWait=0
ReturnToService=2
PartitionName=main Default=YES LLN=YES Nodes=ALL MaxTime=1-00:00:00 DefaultTime=00:30:00
CONF
  # The last two nodes have two graphics cards each, which need a device file.
  echo "AutoDetect=off" >"$DIR/gres.conf"
  local port=$PORT gres node
  for node in $NODES; do
    gres=""
    case $node in n3 | n4)
      gres=" Gres=gpu:2"
      ln -sf /dev/null "$DIR/run/gpu0"
      ln -sf /dev/null "$DIR/run/gpu1"
      echo "NodeName=$node Name=gpu File=$DIR/run/gpu[0-1]" >>"$DIR/gres.conf"
      ;;
    esac
    port=$((port + 1))
    echo "NodeName=$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$port CPUs=4 RealMemory=16000$gres"
  done >>"$SLURM_CONF"
  echo "CgroupPlugin=cgroup/v1" >"$DIR/cgroup.conf"
}

# Is the process of a pid file the one that `start` recorded?
alive() {
  local pid
  pid=$(cat "$DIR/run/$1.pid" 2>/dev/null) && grep -qa -- "$DIR" "/proc/$pid/cmdline" 2>/dev/null
}

start_node() {
  if alive "$1"; then return; fi
  mkdir -p "$DIR/spool/$1"
  # A namespace of its own, so that killing it takes along whatever runs on the node. Its first
  # process is a shell: slurmd would not collect the children of others. As a slave the node sees
  # what is mounted later, where the machine shares it.
  setsid unshare --pid --fork --mount-proc --propagation slave --kill-child bash -c \
    'trap "kill \$!" TERM; slurmd -D -f "$0" -N "$1" & wait; wait' "$SLURM_CONF" "$1" \
    </dev/null >>"$DIR/log/$1.out" 2>&1 &
  echo $! >"$DIR/run/$1.pid"
}

start() {
  install_packages
  local other
  other=$(dirname "$(readlink -f "$DEFAULT_CONF" || true)")
  # One of these that was killed leaves its link behind, and nothing that runs.
  if [ -e "$DEFAULT_CONF" ] && [ "$other" != "$DIR" ] && { [ ! -e "$other/munge.key" ] || DIR=$other alive munged; }; then
    echo "error: $DEFAULT_CONF belongs to another SLURM; stop that one first" >&2
    exit 1
  fi
  alive munged || configure
  mkdir -p "$(dirname "$DEFAULT_CONF")"
  ln -sfn "$SLURM_CONF" "$DEFAULT_CONF"
  if ! alive munged; then
    munged --key-file="$DIR/munge.key" --socket="$DIR/run/munge.socket" --num-threads=2 \
      --pid-file="$DIR/run/munged.pid" --log-file="$DIR/log/munged.log" --seed-file="$DIR/run/munge.seed"
  fi
  alive slurmctld || slurmctld -f "$SLURM_CONF"
  local node
  for node in $NODES; do start_node "$node"; done
  for _ in $(seq 100); do
    [ "$(sinfo -h -N -t idle,mixed,allocated -o %N 2>/dev/null | wc -l)" = 4 ] && return
    # A node that was killed before is waited for to come back.
    for node in $(sinfo -h -N -t down -o %N 2>/dev/null); do
      scontrol update NodeName="$node" State=RESUME || true
    done
    sleep 0.2
  done
  sinfo -N -l >&2
  tail -n 5 "$DIR"/log/*.log >&2
  exit 1
}

crash() {
  alive "$1"
  kill -KILL "$(cat "$DIR/run/$1.pid")"
}

away() {
  kill -TERM "$(cat "$DIR/run/slurmctld.pid")"
  while alive slurmctld; do sleep 0.1; done
}

end() {
  alive "$1" || return 0
  local pid
  pid=$(cat "$DIR/run/$1.pid")
  # Of a node, end the shell inside the namespace: what is outside follows it.
  kill -TERM "$(cat "/proc/$pid/task/$pid/children" 2>/dev/null | grep . || echo "$pid")"
  for _ in $(seq 80); do
    alive "$1" || return 0
    sleep 0.1
  done
  kill -KILL "$pid"
}

stop() {
  # Jobs first: they would outlive slurmd.
  if scontrol ping >/dev/null 2>&1; then
    scancel --user=root
    for _ in $(seq 50); do
      [ -z "$(squeue -h)" ] && break
      sleep 0.2
    done
  fi
  local name
  for name in $NODES slurmctld munged; do end "$name"; done
  if [ "$(readlink "$DEFAULT_CONF")" = "$SLURM_CONF" ]; then rm "$DEFAULT_CONF"; fi
}

case $COMMAND in
  start | away | stop) "$COMMAND" ;;
  crash) crash "$3" ;;
esac
