#!/bin/bash
# Makes .peers/, a virtual environment with the Python packages of a requirements file from PyPI:
#
#   Tests/Peers/environment.sh Tests/Peers/requirements-compare.txt
set -euo pipefail

requirements=$(realpath "${1:?say which requirements file}")
cd "$(dirname "$0")/../.."
if [ ! -x .peers/bin/python ]; then
  python3 -m venv .peers || {
    rm -rf .peers/bin .peers/lib
    echo "no virtual environment can be made; on Debian: apt-get install python3-venv" >&2
    exit 1
  }
fi
.peers/bin/pip install --quiet --disable-pip-version-check -r "$requirements"
