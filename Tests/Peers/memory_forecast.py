#!/usr/bin/env python3
"""Prints a table of the peak memory that `oneiro bench` forecasts and what the process then took.

    Tests/Peers/memory_forecast.py MODEL ... [--backends onednn,vector] [--input NAME=SHAPE ...]

Each model is run twice on each backend: cold, where kernels are timed against each other first, and warm, with what that has
found. The last column is the difference in terms of what the process takes beyond weights. Needs nothing but Python.
"""

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path

ONEIRO = Path(__file__).resolve().parents[2] / ".build/release/oneiro"


def measure(model, backend, inputs, cache):
    command = [ONEIRO, "bench", model, "--backend", backend, "--runs", "1", "--warmup", "1", "--json"]
    for value in inputs:
        command += ["--input", value]
    result = subprocess.run(command, env=os.environ | {"ONEIRO_CACHE": cache}, capture_output=True, check=True)
    report = json.loads(result.stdout)
    return tuple(report[key] for key in ("forecast_bytes", "peak_bytes", "constant_bytes"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL")
    parser.add_argument("--backends", default="onednn,vector,openblas")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=SHAPE")
    options = parser.parse_args()
    print("| model | backend | cache | forecast MiB | peak MiB | weights MiB | off |")
    print("|---|---|---|---:|---:|---:|---:|")
    for model in options.models:
        for backend in options.backends.split(","):
            with tempfile.TemporaryDirectory() as cache:
                for state in ("cold", "warm"):
                    forecast, peak, weights = measure(model, backend, options.input, cache)
                    mebibytes = " | ".join(f"{count / 2**20:.1f}" for count in (forecast, peak, weights))
                    off = (forecast - peak) / (peak - weights)
                    print(f"| {model.stem} | `{backend}` | {state} | {mebibytes} | {off:+.1%} |", flush=True)


if __name__ == "__main__":
    main()
