#!/usr/bin/env python3
"""Exports small networks of many families by both of PyTorch's exporters, and compares Oneiro with ONNX Runtime.

    Tests/Peers/run.sh families.py                                                    equality on every backend
    Tests/Peers/run.sh families.py --times                                            and times of the default one
    Tests/Peers/run.sh families.py bert gpt2 --exports tracing-17 --backends onednn

Models, inputs and expected outputs stay in .peers/families.
"""

import argparse
import contextlib
import io
import os
import pathlib
import statistics
import subprocess
import sys
import types
import warnings

import numpy
import onnxruntime
import torch

import compare
from family_models import FAMILIES, Call

FOLDER = compare.ROOT / ".peers/families"
BACKENDS = "onednn,openblas,vector,reference"
# Exporter and opset: `tracing` goes through TorchScript and ends at opset 20, `dynamo` through torch.export.
EXPORTS = "tracing-9,tracing-14,tracing-17,dynamo-18,dynamo-23"
ONNX_RUNTIME = f"ONNX Runtime {onnxruntime.__version__}"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=f"of {', '.join(FAMILIES)} (default: all)")
    parser.add_argument("--oneiro", default=str(compare.ROOT / ".build/release/oneiro"), help="default: %(default)s")
    parser.add_argument("--exports", default=EXPORTS, help="exporters and opsets (default: %(default)s)")
    parser.add_argument("--backends", default=BACKENDS, help="default: %(default)s")
    parser.add_argument("--tolerance", type=float, default=1e-4,
                        help="largest difference allowed, relative to the output's largest value (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help="use the files of the last call, do not export again")
    parser.add_argument("--times", action="store_true", help="print a table of times next to ONNX Runtime")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="turns that each contender gets (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=50, help="timed runs in one turn (default: %(default)s)")
    parser.add_argument("--warmup", type=int, default=10, help="runs before those (default: %(default)s)")
    # What compare.take_turn passes on to `oneiro bench`.
    parser.set_defaults(pass_on=[])
    options = parser.parse_args()
    for name in options.families:
        if name not in FAMILIES:
            parser.error(f"family {name}: expected one of {', '.join(FAMILIES)}")
    return options


def export(family, exporter, opset, file):
    values = tuple(family.example.values())
    settings = {"input_names": list(family.example), "output_names": family.outputs, "opset_version": opset}
    # Both exporters talk at length.
    talk = io.StringIO()
    with torch.no_grad(), warnings.catch_warnings(), contextlib.redirect_stdout(talk), contextlib.redirect_stderr(talk):
        warnings.simplefilter("ignore")
        if exporter == "tracing":
            torch.onnx.export(family.network, values, str(file), dynamo=False, dynamic_axes=family.dynamic, **settings)
        else:
            # Names would have to tell which axes are sums of others; AUTO finds that out.
            free = tuple(dict.fromkeys(family.dynamic.get(name, {}), torch.export.Dim.AUTO) for name in family.example)
            torch.onnx.export(family.network, values, str(file), dynamo=True, external_data=False,
                              dynamic_shapes=(free,) if isinstance(family.network, Call) else free, **settings)


def prepare(name, exporter, opset, options):
    """Writes model, inputs and what ONNX Runtime makes of them; None where the tracing exporter cannot."""
    folder = FOLDER / f"{name}-{exporter}-{opset}"
    model = folder / "model.onnx"
    if not (options.keep and (folder / "expected.npz").exists()):
        torch.manual_seed(0)
        family = FAMILIES[name]()
        if exporter == "tracing" and opset < family.since:
            return None
        folder.mkdir(parents=True, exist_ok=True)
        export(family, exporter, opset, model)
        session = compare.start_session(model, types.SimpleNamespace(threads=options.threads))
        inputs = {info.name: family.run[info.name].numpy() for info in session.get_inputs()}
        results = session.run(None, inputs)
        numpy.savez(folder / "inputs.npz", **inputs)
        numpy.savez(folder / "expected.npz", **{info.name: value for info, value in zip(session.get_outputs(), results)})
    files = {}
    for key, value in numpy.load(folder / "inputs.npz").items():
        files[key] = folder / f"input-{key}.npy"
        numpy.save(files[key], value)
    return model, files, dict(numpy.load(folder / "expected.npz"))


def difference(model, backend, files, expected, options):
    """Of all outputs, relative to the largest value of each; or the message of the program that failed."""
    results = model.parent / f"results-{backend}"
    words = [options.oneiro, "run", model, "--backend", backend, "--threads", options.threads, "--output-dir", results]
    for key, file in files.items():
        words += ["--input", f"{key}={file}"]
    result = subprocess.run([*map(str, words)], capture_output=True, text=True)
    if result.returncode != 0:
        return result.stderr.strip() or f"exit status {result.returncode}"
    worst = 0.0
    for key, value in expected.items():
        found = numpy.load(results / (key.replace("/", "_") + ".npy"))
        if found.shape != value.shape:
            return f"output {key}: expected shape {value.shape}, found {found.shape}"
        apart = float(numpy.abs(found.astype(numpy.float64) - value).max() / (numpy.abs(value).max() or 1))
        # NaN compares false with everything: it must not pass for a small difference.
        worst = max(worst, apart if apart == apart else float("inf"))
    return worst


def compare_numbers(exports, options):
    """Prints a row for each export; returns how many comparisons failed."""
    backends = options.backends.split(",")
    print(f"Largest difference from {ONNX_RUNTIME}, relative to the output's largest value.\n")
    print(f"| family | export | {' | '.join(f'`{backend}`' for backend in backends)} |")
    print(f"|---|---|{'---:|' * len(backends)}")
    failures = []
    for name, exporter, opset, prepared in exports:
        cells = []
        for backend in backends:
            found = difference(prepared[0], backend, *prepared[1:], options)
            cells.append("failed" if isinstance(found, str) else f"{found:.1e}")
            if isinstance(found, str) or found > options.tolerance:
                failures.append(f"{name}, {exporter} {opset}, {backend}: {found}")
        print(f"| {name} | {exporter} {opset} | {' | '.join(cells)} |", flush=True)
    for failure in failures:
        print(failure, file=sys.stderr)
    return len(failures)


def compare_times(exports, options):
    contender = options.backends.split(",")[0]
    print(f"{options.threads} threads, {options.rounds} rounds of {options.runs} runs each, in turns; medians in ms.\n")
    print(f"| family | export | {ONNX_RUNTIME} | Oneiro, `{contender}` | ratio |")
    print("|---|---|---:|---:|---:|")
    for name, exporter, opset, (model, files, _) in exports:
        peer = next(key for key in compare.PEERS if key.startswith("ONNX Runtime"))
        times = {peer: [], contender: []}
        for turn in range(options.rounds):
            for key in sorted(times, reverse=turn % 2 == 1):
                times[key] += compare.take_turn(key, model, files, options)[0]
        theirs, ours = (statistics.median(times[key]) for key in (peer, contender))
        print(f"| {name} | {exporter} {opset} | {theirs:.3f} | {ours:.3f} | {ours / theirs:.2f} |", flush=True)


def main():
    options = arguments()
    exports = []
    for name in options.families or FAMILIES:
        for word in options.exports.split(","):
            exporter, opset = word.split("-")
            prepared = prepare(name, exporter, int(opset), options)
            if prepared:
                exports.append((name, exporter, int(opset), prepared))
    failed = compare_numbers(exports, options)
    print(f"\n{len(exports)} exports, {failed} failed")
    if options.times:
        print()
        compare_times(exports, options)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
