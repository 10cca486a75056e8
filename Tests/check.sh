#!/bin/bash
# All that a change has to pass, cheapest first; stops at the first failure.
#
#   Tests/check.sh           everything
#   Tests/check.sh docs      the links of the documents alone
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '== %s\n' "$1"; }

# Every relative link of every document leads to a file, and every #anchor within one to a heading.
check_links() {
  local document folder link target anchor status=0
  while IFS= read -r document; do
    folder=$(dirname "$document")
    while IFS= read -r link; do
      case $link in
        http://* | https://* | mailto:* | '') continue ;;
      esac
      target=${link%%#*} anchor=''
      if [[ $link == *#* ]]; then anchor=${link#*#}; fi
      if [ -n "$target" ]; then target=$folder/$target; else target=$document; fi
      if [ ! -e "$target" ]; then
        echo "$document: link to $link: expected a file, found none" >&2
        status=1
      elif [ -n "$anchor" ] && ! headings "$target" | grep -qxF -- "$anchor"; then
        echo "$document: link to $link: no such heading" >&2
        status=1
      fi
    done < <(sed -e '/^ *```/,/^ *```/d' "$document" | grep -oE '\]\([^()[:space:]]+\)' | sed -e 's/^](//' -e 's/)$//')
  done < <(git ls-files --cached --others --exclude-standard -- '*.md')
  return $status
}

# The anchors of a document's headings: lower case, without punctuation, hyphens for spaces.
headings() {
  sed -e '/^ *```/,/^ *```/d' "$1" | sed -nE 's/^#+ +//p' | tr '[:upper:]' '[:lower:]' |
    sed -E -e 's/[^[:alnum:] _-]//g' -e 's/ /-/g'
}

step 'links of the documents'
check_links
if [ "${1-}" = docs ]; then exit 0; fi

step 'format'
swift format lint --strict --recursive --parallel Package.swift Sources Plugins Tests

step 'generated code'
Sources/COnnx/regenerate.sh --check

step 'build'
swift build -c release

step 'tests'
swift test -c release --disable-testable-imports # so that they share what was just built

step "ONNX's own cases"
Tests/conformance.sh .build/release/oneiro "${ONNX_CASES:-/usr/share/libonnx-testdata/data}" onednn reference
