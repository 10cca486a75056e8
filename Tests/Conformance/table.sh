#!/bin/bash
# Runs both sets on all backends and writes what passes into the table of Docs/Conformance.md, between its markers.
#
#   Tests/Conformance/table.sh .build/release/oneiro DEBIAN_CASES NEWEST_CASES BACKEND...
#
# Fails, and leaves the document as it is, where a case does not pass that is no known gap, or a known gap passes. Cases
# of random numbers count as failed, although one of them may pass by luck: the same build makes the same table.
set -euo pipefail
cd "$(dirname "$0")/../.."

oneiro=$1 debian=$2 newest=$3
shift 3
document=Docs/Conformance.md
table=$(mktemp)
trap 'rm -f "$table"' EXIT

# One row a backend, from lines such as 'conformance, onednn: 1055 passed, 15 failed, 2 skipped'.
rows() {
  awk -v set="$1" '/^conformance, / && / passed, / {
    sub(/:$/, "", $2)
    print "| " (first++ ? "" : set " ") "| `" $2 "` | " $3 " | " $5 " | " $7 " |"
  }'
}

{
  echo '| set | backend | passed | failed | skipped |'
  echo '|---|---|---|---|---|'
} >"$table"
for set in debian newest; do
  options=(--repeatable) cases=$debian name="Debian's"
  if [ $set = newest ]; then options+=(--newest) cases=$newest name='the newest'; fi
  report=$(Tests/conformance.sh "${options[@]}" "$oneiro" "$cases" "$@") || {
    printf '%s\n' "$report"
    exit 1
  }
  printf '%s\n' "$report"
  rows "$name" <<<"$report" >>"$table"
done

written=$(awk -v table="$table" '
  /^<!-- results: begin -->$/ { print; while ((getline line < table) > 0) print line; inside = 1 }
  /^<!-- results: end -->$/ { found = inside; inside = 0 }
  !inside { print }
  END { if (!found) exit 1 }' "$document") || {
  echo "$document: expected the markers <!-- results: begin --> and <!-- results: end -->, found none" >&2
  exit 1
}
if [ "$written" = "$(cat "$document")" ]; then
  echo "$document: as before"
else
  printf '%s\n' "$written" >"$document"
  echo "$document: written"
fi
