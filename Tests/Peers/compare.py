#!/usr/bin/env python3
"""Times Oneiro's backends, ONNX Runtime and OpenVINO on the same models, in turns, and checks that outputs agree.

    Tests/Peers/run.sh compare.py
    Tests/Peers/run.sh compare.py unet.onnx --dim height=64 --dim width=64 --dim context_length=77 \\
        --rounds 3 --runs 3 --warmup 1 --backends onednn
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import onnxruntime
import openvino

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = [ROOT / "Models/parts/unet.onnx", ROOT / "Models/parts/vae_decoder.onnx"]
ELEMENT_TYPES = {
    "tensor(float)": numpy.float32,
    "tensor(double)": numpy.float64,
    "tensor(float16)": numpy.float16,
    "tensor(int64)": numpy.int64,
    "tensor(int32)": numpy.int32,
    "tensor(bool)": numpy.bool_,
}


def oneiro(options, *words):
    """Runs the program; ends with its error when it fails."""
    result = subprocess.run([options.oneiro, *map(str, words)], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{options.oneiro} {words[0]}: {result.stderr.strip()}")
    return result.stdout


def make_inputs(session, options):
    """Normal noise for floats, 0 and 1 for integers, as `oneiro bench` makes them."""
    extents = dict(word.split("=", 1) for word in options.dim)
    generator = numpy.random.default_rng(options.seed)
    inputs = {}
    for info in session.get_inputs():
        if info.type not in ELEMENT_TYPES:
            sys.exit(f"input {info.name}: cannot make a value of {info.type}")
        shape = [axis if isinstance(axis, int) else int(extents.get(axis, 1)) for axis in info.shape]
        element = ELEMENT_TYPES[info.type]
        noise = generator.standard_normal(shape) if numpy.issubdtype(element, numpy.floating) else \
            generator.integers(0, 2, shape)
        inputs[info.name] = numpy.asarray(noise).astype(element)
    return inputs


def start_session(model, options):
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.inter_op_num_threads = 1
    settings.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    settings.log_severity_level = 3
    return onnxruntime.InferenceSession(str(model), settings, providers=["CPUExecutionProvider"])


def times_of_runs(run, options):
    for _ in range(options.warmup):
        run()
    times = []
    for _ in range(options.runs):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def turn_onnxruntime(model, inputs, options):
    session = start_session(model, options)
    return times_of_runs(lambda: session.run(None, inputs), options)


def turn_openvino(model, inputs, options):
    """In float32 as the others, but for what a model has in 8 bits."""
    core = openvino.Core()
    core.set_property("CPU", {"INFERENCE_NUM_THREADS": options.threads, "INFERENCE_PRECISION_HINT": "f32",
                              "PERFORMANCE_HINT": "LATENCY"})
    request = core.compile_model(str(options.openvino_model or model), "CPU").create_infer_request()
    return times_of_runs(lambda: request.infer(inputs), options)


PEERS = {f"ONNX Runtime {onnxruntime.__version__}": turn_onnxruntime,
         f"OpenVINO {openvino.__version__.split('-')[0]}": turn_openvino}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=MODELS, type=pathlib.Path,
                        help="ONNX files (default: the bundled U-Net and VAE decoder)")
    parser.add_argument("--oneiro", default=str(ROOT / ".build/release/oneiro"), help="the program (default: %(default)s)")
    parser.add_argument("--backends", default="onednn,openblas,vector", help="comma-separated (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="turns that each contender gets (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=20, help="timed runs in one turn (default: %(default)s)")
    parser.add_argument("--warmup", type=int, default=3, help="runs before those (default: %(default)s)")
    parser.add_argument("--dim", action="append", default=[], metavar="NAME=N", help="a named dimension; others are 1")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--openvino-model", type=pathlib.Path, metavar="FILE",
                        help="what OpenVINO is given in the model's place, such as an .xml file of nncf_quantize.py")
    parser.add_argument("--pass-on", action="append", default=[], metavar="WORD",
                        help="a further argument for `oneiro bench`, such as --pass-on=--precision=strict")
    parser.add_argument("--turn", choices=list(PEERS), help=argparse.SUPPRESS)
    parser.add_argument("--turn-input", action="append", default=[], help=argparse.SUPPRESS)
    parser.add_argument("--tolerance", type=float, default=1e-3,
                        help="largest difference allowed, relative to the output's largest value (default: %(default)s)")
    return parser.parse_args()


def peer_turn(options):
    """One turn of a peer, in a process of its own as Oneiro's are: prints times and the most memory it took."""
    inputs = {}
    for word in options.turn_input:
        name, file = word.split("=", 1)
        inputs[name] = numpy.load(file)
    times = PEERS[options.turn](options.models[0], inputs, options)
    # Not ru_maxrss, which a process inherits from the one that started it.
    status = pathlib.Path("/proc/self/status").read_text()
    peak = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
    json.dump({"runs_ms": times, "peak_bytes": peak}, sys.stdout)


def take_turn(name, model, files, options):
    """Times in ms and the most memory in bytes of one fresh process."""
    settings = ["--threads", options.threads, "--runs", options.runs, "--warmup", options.warmup]
    if name in PEERS:
        words = [sys.executable, __file__, model, "--turn", name, *settings]
        if options.openvino_model:
            words += ["--openvino-model", options.openvino_model]
        for input_name, file in files.items():
            words += ["--turn-input", f"{input_name}={file}"]
        result = subprocess.run([*map(str, words)], capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"{name}: {result.stderr.strip()}")
        # The peers may talk before.
        report = json.loads(result.stdout[result.stdout.index('{"runs_ms"'):])
    else:
        words = ["bench", model, "--backend", name, *settings, "--json", *options.pass_on]
        for input_name, file in files.items():
            words += ["--input", f"{input_name}={file}"]
        report = json.loads(oneiro(options, *words))
    return report["runs_ms"], report["peak_bytes"]


def largest_difference(model, backend, files, expected, folder, options):
    """Of all outputs, relative to the largest value of each."""
    results = pathlib.Path(folder) / f"results-{backend}"
    words = ["run", model, "--backend", backend, "--threads", options.threads, "--output-dir", results]
    for name, file in files.items():
        words += ["--input", f"{name}={file}"]
    oneiro(options, *words)
    worst = 0.0
    for name, value in expected.items():
        found = numpy.load(results / (name.replace("/", "_") + ".npy"))
        if found.shape != value.shape:
            sys.exit(f"{model}: {backend}: output {name}: expected shape {value.shape}, found {found.shape}")
        if value.size == 0:
            continue
        scale = numpy.abs(value).max() or 1
        difference = float(numpy.abs(found.astype(numpy.float64) - value.astype(numpy.float64)).max() / scale)
        # NaN compares false with everything: it must not pass for a small difference.
        worst = max(worst, difference if difference == difference else float("inf"))
    return worst


def main():
    options = arguments()
    if options.turn:
        return peer_turn(options)
    if options.openvino_model and len(options.models) != 1:
        sys.exit("--openvino-model stands for one model, give one")
    backends = [name for name in options.backends.split(",") if name]
    agree = True
    with tempfile.TemporaryDirectory() as folder:
        print(f"{options.threads} threads, {options.rounds} rounds of {options.runs} runs each, in turns; medians.\n")
        print("| model | contender | median ms | ratio to the best peer | peak MB | largest difference |")
        print("|---|---|---:|---:|---:|---:|")
        for model in options.models:
            session = start_session(model, options)
            inputs = make_inputs(session, options)
            expected = dict(zip([info.name for info in session.get_outputs()], session.run(None, inputs)))
            # Its threads and memory end with it, and take nothing from the others' turns.
            del session
            files = {}
            for index, (name, value) in enumerate(inputs.items()):
                files[name] = pathlib.Path(folder) / f"{model.stem}-{index}.npy"
                numpy.save(files[name], value)
            differences = {name: largest_difference(model, name, files, expected, folder, options) for name in backends}
            times = {name: [] for name in [*PEERS, *backends]}
            peaks = dict.fromkeys(times, 0)
            for turn in range(options.rounds):
                # Every round begins with another contender, so that none always runs on a warmer or cooler machine.
                order = list(times)
                order = order[turn % len(order):] + order[:turn % len(order)]
                for name in order:
                    milliseconds, peak = take_turn(name, model, files, options)
                    times[name] += milliseconds
                    peaks[name] = max(peaks[name], peak)
            best = min(statistics.median(times[name]) for name in PEERS)
            for name, values in times.items():
                median = statistics.median(values)
                difference = "" if name in PEERS else f"{differences[name]:.1e}"
                label = name if name in PEERS else f"Oneiro, `{name}`"
                if options.openvino_model and name.startswith("OpenVINO"):
                    label += f", {options.openvino_model.name}"
                print(f"| {model.stem} | {label} | {median:.3f} | {median / best:.2f} | {peaks[name] / 1e6:.0f} | "
                      f"{difference} |", flush=True)
            for name, difference in differences.items():
                if difference > options.tolerance:
                    agree = False
                    print(f"{model}: {name}: outputs differ by {difference:.1e} of the largest value, "
                          f"allowed {options.tolerance:.1e}", file=sys.stderr)
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
