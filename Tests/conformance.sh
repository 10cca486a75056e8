#!/bin/bash
# Runs ONNX's own test cases and prints, for each backend, 'N passed, N failed, N skipped'.
#
#   Tests/conformance.sh .build/release/oneiro /usr/share/libonnx-testdata/data onednn reference
#
# Exit status 1 when fewer cases pass than did when the number below was last raised, or when a run does not get to
# its end. Which kinds of case fail, and why, is in Docs/Contributing.md.
set -euo pipefail

least=913 # of the 1,072 cases of Debian 12's libonnx-testdata 1.12.0-2

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
  printf '%s\n' "$report" | grep -v '^passed' | sed '$d'
  if ! [[ $passed =~ ^[0-9]+$ ]] || ((passed < least)); then
    echo "$backend: expected $least or more to pass"
    status=1
  fi
  echo "conformance, $backend: $closing"
done
exit $status
