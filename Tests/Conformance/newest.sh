#!/bin/bash
# Writes the node cases of the onnx package that newest.txt names into .peers/onnx-cases, which takes half a minute.
set -euo pipefail
cd "$(dirname "$0")/../.."

Tests/Peers/environment.sh Tests/Conformance/newest.txt
exec .peers/bin/python Tests/Conformance/newest.py .peers/onnx-cases
