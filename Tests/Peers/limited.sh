#!/bin/bash
# Runs a program in a control group of so much memory, without swap, and says what it took.
#
#   Tests/Peers/limited.sh 512M [--cold FILE ...] -- PROGRAM ARGUMENTS ...
#
# What counts against the limit is what the program's pages take and what it brings into the page cache; the latter is
# dropped when there is no room. Pages of files that somebody else had in the cache already count for nobody: --cold
# drops those files from it first. Works with control groups of version 1 and 2; needs root.
set -euo pipefail

usage() { sed -n '4p' "$0" | cut -c 5- >&2; exit 2; }

[ $# -ge 3 ] || usage
limit=$(numfmt --from=iec "$1" 2>/dev/null) || usage
shift
cold=()
if [ "$1" = --cold ]; then
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do cold+=("$1"); shift; done
fi
[ "${1-}" = -- ] && shift || usage
[ $# -gt 0 ] || usage

# The folder that control groups of memory are made in.
root=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
version=1
if [ -z "$root" ]; then
  root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
  version=2
  [ -n "$root" ] && echo +memory > "$root/cgroup.subtree_control"
fi
[ -n "$root" ] || { echo "$0: no control groups of memory are mounted" >&2; exit 1; }
group=$root/oneiro-limited.$$
mkdir "$group"
trap 'rmdir "$group"' EXIT

if [ $version = 1 ]; then
  echo "$limit" > "$group/memory.limit_in_bytes"
  # Memory and swap together; not there where the kernel does not count swap.
  echo "$limit" > "$group/memory.memsw.limit_in_bytes" 2>/dev/null || [ "$(wc -l < /proc/swaps)" = 1 ]
else
  echo "$limit" > "$group/memory.max"
  echo 0 > "$group/memory.swap.max" 2>/dev/null || [ "$(wc -l < /proc/swaps)" = 1 ]
fi

for file in "${cold[@]}"; do dd if="$file" iflag=nocache count=0 status=none; done

status=0
start=$(date +%s.%N)
(echo $BASHPID > "$group/cgroup.procs"; exec "$@") || status=$?
end=$(date +%s.%N)

# NAME FILE: the number behind the name.
number() { awk -v name="$1" '$1 == name { print $2 }' "$group/$2"; }

if [ $version = 1 ]; then
  peak=$(cat "$group/memory.max_usage_in_bytes")
  kills=$(number oom_kill memory.oom_control)
else
  peak=$(cat "$group/memory.peak" 2>/dev/null || echo 0)
  kills=$(number oom_kill memory.events)
fi
faults=$(number pgmajfault memory.stat)
awk -v start="$start" -v end="$end" -v peak="$peak" -v limit="$limit" -v faults="$faults" -v kills="${kills:-0}" \
  -v status="$status" 'BEGIN {
    printf "status %d in %.2f s: %.0f of %.0f MiB with page cache, no swap, %d pages waited for, %d kills\n",
      status, end - start, peak / 1048576, limit / 1048576, faults, kills }' >&2
exit "$status"
