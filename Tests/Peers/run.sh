#!/bin/bash
# Runs one of the scripts beside this file, which hold Oneiro next to other programs:
#
#   Tests/Peers/run.sh bench_peers.py         times next to ONNX Runtime and OpenVINO
#   Tests/Peers/run.sh extracted_parts.py     parts of the full-size pipeline in ONNX Runtime and OpenVINO
#   Tests/Peers/run.sh diffusers_import.py    imported diffusers folders next to diffusers
#   Tests/Peers/run.sh sampler_golden.py      samplers next to diffusers' schedulers
#
# Further arguments go to the script. What it needs comes from PyPI, into a virtual environment of its own: .peers/.
set -euo pipefail
cd "$(dirname "$0")/../.."

script=${1:?say which script to run}
shift
if [ ! -x .peers/bin/python ]; then
  python3 -m venv .peers || {
    rm -rf .peers
    echo "no virtual environment can be made; on Debian: apt-get install python3-venv" >&2
    exit 1
  }
fi
.peers/bin/pip install --quiet --disable-pip-version-check -r "Tests/Peers/requirements-${script%.py}.txt"
exec .peers/bin/python "Tests/Peers/$script" "$@"
