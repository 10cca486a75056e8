#!/bin/bash
# Runs ONNX's own test cases and prints for each backend 'N passed, N failed, N skipped'.
#
#   Tests/conformance.sh [--list] .build/release/oneiro /usr/share/libonnx-testdata/data onednn reference
#   Tests/conformance.sh --newest [--list] .build/release/oneiro .peers/onnx-cases onednn reference
#
# --newest is for the cases that Tests/Conformance/newest.sh writes. Every case that does not pass has to stand, with its
# reason, in the set's file of known gaps, and every case in that file has to fail. With --list, and where something is
# wrong, also prints each case that failed or was skipped. With --repeatable, cases of random numbers count as failed
# when one passes by luck. Exit status 1 when fewer cases pass than did when the number below was last raised, when the
# file of gaps is wrong, or when a run does not get to its end. The last line says which it was.
set -euo pipefail

least=1057 # of the 1,072 cases of Debian 12's libonnx-testdata 1.12.0-2
gaps=known-gaps.txt
list=no
repeatable=no
while [[ ${1-} == --* ]]; do
  case $1 in
    --list) list=yes ;;
    --repeatable) repeatable=yes ;;
    --newest)
      least=1871 # of the 1,884 node cases of onnx 1.23.2
      gaps=known-gaps-newest.txt
      ;;
    *)
      echo "unknown option $1" >&2
      exit 2
      ;;
  esac
  shift
done
gaps=$(dirname "$0")/Conformance/$gaps
oneiro=$1 cases=$2
shift 2

# Reads a report; prints what the file of gaps does not know, and what it has that passes. By luck a case of random
# numbers may pass.
compare_with_gaps() {
  awk -F '\t' '
    FNR == NR { reason[$1] = $2; next }
    match($0, /^(failed |skipped) [^:]+/) { split(substr($0, 1, RLENGTH), words, " +"); open[words[2]] = 1 }
    END {
      for (name in open) if (!(name in reason)) print name " does not pass and is no known gap"
      for (name in reason) if (!(name in open) && reason[name] !~ /^random:/) print name " is a known gap but passes"
    }' "$gaps" - | sort
}

# Reads a report; prints how many known gaps of random numbers have passed by luck.
count_lucky() {
  awk -F '\t' '
    FNR == NR { if ($2 ~ /^random:/) open[$1] = 1; next }
    match($0, /^(failed |skipped) [^:]+/) { split(substr($0, 1, RLENGTH), words, " +"); delete open[words[2]] }
    END { for (name in open) count++; print count + 0 }' "$gaps" -
}

status=0
for backend in "$@"; do
  report=$("$oneiro" conformance "$cases" --backend "$backend" </dev/null) || [ $? -eq 1 ] || {
    tail -n 3 <<<"$report"
    echo "$backend: the run ended before its last case"
    status=1
    continue
  }
  closing=$(tail -n 1 <<<"$report")
  passed=${closing%% passed*}
  faults=$(compare_with_gaps <<<"$report")
  if ! [[ $passed =~ ^[0-9]+$ ]] || ((passed < least)); then
    faults+="${faults:+$'\n'}expected $least or more to pass"
  fi
  if [ $list = yes ] || [ -n "$faults" ]; then sed '$d' <<<"$report"; fi
  if [ -n "$faults" ]; then
    sed "s/^/$backend: /" <<<"$faults"
    status=1
  fi
  if [ $repeatable = yes ]; then
    lucky=$(count_lucky <<<"$report")
    closing=$(awk -v lucky="$lucky" '{ $1 -= lucky; $3 += lucky; print }' <<<"$closing")
  fi
  echo "conformance, $backend: $closing"
done
if [ $status = 0 ]; then
  echo "conformance: nothing unexpected failed. Each case that does not pass has its reason in ${gaps#"$PWD/"}"
else
  echo 'conformance: something unexpected happened, see above'
fi
exit $status
