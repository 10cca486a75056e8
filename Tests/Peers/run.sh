#!/bin/bash
# Runs one of the scripts beside this file, which hold Oneiro next to other programs:
#
#   Tests/Peers/run.sh compare.py             times and memory next to ONNX Runtime and OpenVINO
#   Tests/Peers/run.sh families.py            small networks of many families, exported by PyTorch, next to ONNX Runtime
#   Tests/Peers/run.sh extracted_parts.py     parts of the full-size pipeline in ONNX Runtime and OpenVINO
#   Tests/Peers/run.sh quantized.py            what oneiro quantize writes in ONNX Runtime
#   Tests/Peers/run.sh quantized_elsewhere.py  what ONNX Runtime quantizes in Oneiro
#   Tests/Peers/run.sh nncf_quantize.py       a model that NNCF quantizes for OpenVINO, for compare.py
#   Tests/Peers/run.sh diffusers_import.py    imported diffusers folders next to diffusers
#   Tests/Peers/run.sh sampler_golden.py      samplers next to diffusers' schedulers
#   Tests/Peers/run.sh eeg_files.py           recordings that other programs write
#   Tests/Peers/run.sh eeg_preparation.py     filters next to SciPy, splines next to MNE
#   Tests/Peers/run.sh metrics.py             scores of evaluate next to scikit-image, lpips and SciPy
#   Tests/Peers/run.sh many_trials.py         memory of evaluate with 1,000 and 10,000 trials
#   Tests/Peers/run.sh export_unet.py         the U-Net of Stable Diffusion 1.5 as PyTorch exports it
#
# Further arguments go to the script. What it needs comes from PyPI, into a virtual environment of its own: .peers/.
set -euo pipefail
cd "$(dirname "$0")/../.."

script=${1:?say which script to run}
shift
Tests/Peers/environment.sh "Tests/Peers/requirements-${script%.py}.txt"
exec .peers/bin/python "Tests/Peers/$script" "$@"
