#!/bin/bash
# Times Oneiro's backends next to ONNX Runtime, in one run on one machine; prints a table. Arguments go to bench_peers.py.
#
# ONNX Runtime comes from PyPI, into a virtual environment of its own: .peers/.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ ! -x .peers/bin/python ]; then
  python3 -m venv .peers || {
    rm -rf .peers
    echo "no virtual environment can be made; on Debian: apt-get install python3-venv" >&2
    exit 1
  }
fi
.peers/bin/pip install --quiet --disable-pip-version-check -r Tests/Peers/requirements.txt
exec .peers/bin/python Tests/Peers/bench_peers.py "$@"
