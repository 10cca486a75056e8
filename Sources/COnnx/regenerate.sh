#!/bin/sh
# Makes onnx.pb-c.c and include/onnx.pb-c.h from onnx.proto.
#
#   regenerate.sh           writes both files
#   regenerate.sh --check   writes nothing; exit status 1 when they are not what onnx.proto gives, byte for byte
#
# Wants protoc-c 1.4.1 (Debian 12: protobuf-c-compiler): its version is part of what it writes.
set -eu

case "${1-}" in
  '') check=no ;;
  --check) check=yes ;;
  *)
    echo "usage: $0 [--check]" >&2
    exit 2
    ;;
esac

command -v protoc-c >/dev/null || {
  echo "$0: no protoc-c found; on Debian: apt-get install protobuf-c-compiler" >&2
  exit 1
}

cd "$(dirname "$0")"
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
protoc-c --c_out="$made" onnx.proto

status=0
for pair in onnx.pb-c.c:onnx.pb-c.c onnx.pb-c.h:include/onnx.pb-c.h; do
  new=$made/${pair%%:*}
  committed=${pair#*:}
  if [ "$check" = no ]; then
    cp "$new" "$committed"
  elif ! cmp "$new" "$committed"; then
    echo "$0: $committed is not what $(protoc-c --version | head -n 1) makes of onnx.proto; run $0 and commit" >&2
    status=1
  fi
done
exit $status
