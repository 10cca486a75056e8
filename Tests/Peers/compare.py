"""Times models on Oneiro's backends and in ONNX Runtime, on the same inputs, and prints a Markdown table.

    Tests/Peers/run.sh [--backends onednn,vector] [--runs 50] [--rounds 3] [--threads N] [MODEL.onnx ...]

The programs take turns for some rounds, so that a machine that gets slower or faster meanwhile is so for all of them. A
figure is the median over the runs of all rounds, after warm-up. Outputs are compared too: a fast wrong answer is no answer.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import onnxruntime

MODELS = ["Models/parts/unet.onnx", "Models/parts/vae_decoder.onnx"]
ONEIRO = ".build/release/oneiro"
WARM_UP = 5
# Largest difference between outputs that counts as agreement, relative to the output's largest value.
TOLERANCE = 1e-3


def main():
    parser = argparse.ArgumentParser(description="Time Oneiro next to ONNX Runtime.")
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--backends", default="onednn,openblas,vector")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()

    print(f"ONNX Runtime {onnxruntime.__version__}, {options.threads} threads, batch 1, "
          f"median of {options.rounds} x {options.runs} runs\n")
    print("| model | program | median ms | 90 % below ms | largest difference |")
    print("|---|---|---|---|---|")
    agree = True
    for model in options.models:
        agree = compare(model, options) and agree
    sys.exit(0 if agree else 1)


def compare(model, options):
    """Prints the rows of one model; true when all outputs agree with ONNX Runtime's."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    session = onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])
    inputs = {value.name: make_input(value) for value in session.get_inputs()}
    expected = dict(zip([value.name for value in session.get_outputs()], session.run(None, inputs)))
    backends = options.backends.split(",")
    times = {name: [] for name in ["ONNX Runtime", *backends]}
    differences = {"ONNX Runtime": 0.0}

    with tempfile.TemporaryDirectory() as folder:
        arguments = []
        for name, array in inputs.items():
            numpy.save(f"{folder}/{name}.npy", array)
            arguments += ["--input", f"{name}={folder}/{name}.npy"]
        arguments += ["--threads", str(options.threads)]
        for backend in backends:
            results = f"{folder}/{backend}"
            run_oneiro(["run", model, *arguments, "--backend", backend, "--output-dir", results])
            differences[backend] = max(
                difference(numpy.load(f"{results}/{name}.npy"), array) for name, array in expected.items())
        for _ in range(options.rounds):
            times["ONNX Runtime"] += time_session(session, inputs, options.runs)
            for backend in backends:
                report = run_oneiro(
                    ["bench", model, *arguments, "--backend", backend, "--runs", str(options.runs), "--json"])
                times[backend] += json.loads(report)["runs_ms"]

    for name, values in times.items():
        ninety = statistics.quantiles(values, n=10)[-1] if len(values) > 1 else values[0]
        print(f"| {os.path.basename(model)} | {name} | {statistics.median(values):.3f} | {ninety:.3f} "
              f"| {differences[name]:.1e} |", flush=True)
    return max(differences.values()) <= TOLERANCE


def make_input(value):
    """Normal noise, or for integers a timestep in the middle; free axes are 1 long."""
    dims = [extent if isinstance(extent, int) else 1 for extent in value.shape]
    if value.type == "tensor(int64)":
        return numpy.full(dims, 500, numpy.int64)
    if value.type == "tensor(float)":
        return numpy.random.default_rng(0).standard_normal(dims, dtype=numpy.float32)
    sys.exit(f"input {value.name}: expected float or int64, found {value.type}")


def time_session(session, inputs, runs):
    """Milliseconds of each run."""
    for _ in range(WARM_UP):
        session.run(None, inputs)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        session.run(None, inputs)
        times.append((time.perf_counter() - start) * 1e3)
    return times


def run_oneiro(arguments):
    done = subprocess.run([ONEIRO, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"oneiro {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def difference(found, expected):
    return float(numpy.abs(found - expected).max() / max(numpy.abs(expected).max(), 1e-30))


if __name__ == "__main__":
    main()
