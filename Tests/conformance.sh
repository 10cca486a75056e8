#!/bin/bash
# Runs ONNX's own test cases and prints for each backend 'N passed, N failed, N skipped'.
#
#   Tests/conformance.sh [--list] .build/release/oneiro /usr/share/libonnx-testdata/data onednn reference
#
# With --list, and where too few pass, also each case that failed or was skipped, with its reason; the kinds of reason
# are in Docs/Contributing.md. Exit status 1 when fewer cases pass than did when the number below was last raised, or
# when a run does not get to its end.
set -euo pipefail

least=1053 # of the 1,072 cases of Debian 12's libonnx-testdata 1.12.0-2

list=no
if [ "${1-}" = --list ]; then
  list=yes
  shift
fi
oneiro=$1 cases=$2
shift 2
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
  enough=no
  if [[ $passed =~ ^[0-9]+$ ]] && ((passed >= least)); then enough=yes; fi
  if [ $list = yes ] || [ $enough = no ]; then sed '$d' <<<"$report"; fi
  if [ $enough = no ]; then
    echo "$backend: expected $least or more to pass"
    status=1
  fi
  echo "conformance, $backend: $closing"
done
exit $status
