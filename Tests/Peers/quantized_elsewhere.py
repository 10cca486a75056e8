#!/usr/bin/env python3
"""Models that ONNX Runtime has quantized, in Oneiro and in ONNX Runtime.

    Tests/Peers/run.sh quantized_elsewhere.py                          single layers, and the parts in Models/parts
    Tests/Peers/run.sh quantized_elsewhere.py a.onnx b.onnx --times    these models, with times
    Tests/Peers/run.sh quantized_elsewhere.py --layers-only

Forms: QDQ and QOperator (of Conv and MatMul alone: other operators of that form are not ONNX's), with activations and
weights of uint8 or int8, per tensor or per channel, and dynamic quantization.

Of single layers, no result may be more than a step of its quantization away; results of dynamic quantization, which are
floats, no more than --tolerance of the largest. In a whole model a last bit decides which way a number goes, and the layers
behind carry that on: there the two runtimes must be nearer to each other than to the model as it was, or about as near as
ONNX Runtime is to itself without its optimizations. Attention is computed in float32 (--precision strict), as the files
say; times are without that.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import warnings

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

import compare

BACKENDS = "onednn,vector,reference"
# Name: form, activations, weights, per channel, reduced range.
FORMS = {
    "QDQ u8 u8": ("QDQ", "QUInt8", "QUInt8", False, False),
    "QDQ u8 i8, channels": ("QDQ", "QUInt8", "QInt8", True, False),
    "QDQ i8 i8": ("QDQ", "QInt8", "QInt8", False, False),
    "QDQ u8 u8, 7 bits": ("QDQ", "QUInt8", "QUInt8", False, True),
    "QOperator u8 u8": ("QOperator", "QUInt8", "QUInt8", False, False),
    "QOperator u8 u8, channels": ("QOperator", "QUInt8", "QUInt8", True, False),
    "QOperator u8 i8, channels": ("QOperator", "QUInt8", "QInt8", True, False),
    "QOperator i8 i8": ("QOperator", "QInt8", "QInt8", False, False),
    "dynamic u8": ("dynamic", None, "QUInt8", False, False),
    "dynamic i8": ("dynamic", None, "QInt8", False, False),
}


# Decibels by which two runs may differ in how the numbers that lie between two steps fall.
MARGIN = 6


class Calls(CalibrationDataReader):
    def __init__(self, inputs):
        self.left = iter([inputs])

    def get_next(self):
        return next(self.left, None)


def quantize(model, target, form, inputs):
    kind, activations, weights, per_channel, reduced = FORMS[form]
    settings = {"per_channel": per_channel, "reduce_range": reduced, "weight_type": QuantType[weights]}
    if kind == "dynamic":
        quantize_dynamic(str(model), str(target), op_types_to_quantize=["Conv", "MatMul", "Gemm"], **settings)
        return
    only = {"op_types_to_quantize": ["Conv", "MatMul"]} if kind == "QOperator" else {}
    quantize_static(str(model), str(target), Calls(inputs), quant_format=QuantFormat[kind],
                    activation_type=QuantType[activations], **only, **settings)


def layers():
    """Name, model and input of single layers."""
    generator = numpy.random.default_rng(11)

    def number(*shape, scale=1.0):
        return (generator.standard_normal(shape) * scale).astype(numpy.float32)

    def model(name, op, x, weights, bias=None, **attributes):
        inputs = ["x", "w"] + ([] if bias is None else ["b"])
        constants = [numpy_helper.from_array(weights, "w")]
        constants += [] if bias is None else [numpy_helper.from_array(bias, "b")]
        node = helper.make_node(op, inputs, ["y"], name="layer", **attributes)
        graph = helper.make_graph([node], name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
                                  [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], constants)
        return name, helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), x

    # Weights whose middle is not zero, as asymmetric ranges want them.
    yield model("3 x 3", "Conv", number(2, 16, 13, 11) + 1, number(24, 16, 3, 3) + 0.5, number(24), pads=[1, 1, 1, 1])
    yield model("1 x 1", "Conv", number(1, 32, 7, 9), number(40, 32, 1, 1) - 1)
    yield model("stride 2", "Conv", number(3, 5, 16, 16), number(8, 5, 3, 3), number(8), strides=[2, 2],
                pads=[0, 0, 1, 1])
    yield model("dilated", "Conv", number(1, 8, 20, 20), number(6, 8, 3, 3), dilations=[2, 3], pads=[2, 3, 2, 3])
    yield model("groups", "Conv", number(2, 24, 9, 9), number(16, 12, 3, 3), number(16), group=2)
    yield model("depthwise", "Conv", number(1, 16, 10, 10), number(16, 1, 3, 3), number(16), group=16,
                pads=[1, 1, 1, 1])
    yield model("one axis", "Conv", number(2, 12, 50), number(20, 12, 5), number(20), strides=[2], pads=[2, 2])
    yield model("three axes", "Conv", number(1, 6, 6, 7, 8), number(9, 6, 3, 3, 3), number(9), pads=[1] * 6)
    yield model("matrix", "MatMul", number(17, 70), number(70, 45) + 0.3)
    yield model("batch of rows", "MatMul", number(2, 5, 33), number(33, 12))


def decibels(found, expected):
    noise = numpy.square(found.astype(numpy.float64) - expected).sum()
    return float("inf") if noise == 0 else 10 * numpy.log10(numpy.square(expected.astype(numpy.float64)).sum() / noise)


def in_peer(model, inputs, options, optimized=True):
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.log_severity_level = 3
    if not optimized:
        settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(model), settings, providers=["CPUExecutionProvider"])
    names = [info.name for info in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs)))


def in_oneiro(model, files, backend, folder, options):
    results = folder / "results"
    for path in results.glob("*"):
        path.unlink()
    words = [options.oneiro, "run", model, "--backend", backend, "--threads", options.threads, "--output-dir", results,
             "--precision", "strict"]
    for name, file in files.items():
        words += ["--input", f"{name}={file}"]
    run = subprocess.run([*map(str, words)], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{model}: {backend}: {run.stderr.strip()}")
    return {path.stem: numpy.load(path) for path in results.glob("*.npy")}


def save(inputs, folder):
    files = {}
    for index, (name, value) in enumerate(inputs.items()):
        files[name] = folder / f"input-{index}.npy"
        numpy.save(files[name], value)
    return files


def step_of_output(model):
    """The scale of the last QuantizeLinear, QLinearConv or QLinearMatMul; None where there is none."""
    graph = onnx.load(model).graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    scales = [constants[node.input[{"QuantizeLinear": 1}.get(node.op_type, 6)]]
              for node in graph.node if node.op_type in ("QuantizeLinear", "QLinearConv", "QLinearMatMul")]
    return float(scales[-1].reshape(-1)[0]) if scales else None


def compare_layers(folder, options):
    backends = options.backends.split(",")
    print("Largest difference from ONNX Runtime: in steps of the result; of dynamic quantization, relative to the "
          "largest.\n")
    print(f"| layer | {' | '.join(FORMS)} |")
    print(f"|---|{'---:|' * len(FORMS)}")
    failed = False
    for name, proto, x in layers():
        exact, cells = folder / "layer.onnx", []
        onnx.save(onnx.shape_inference.infer_shapes(proto), exact)
        files = save({"x": x}, folder)
        for form in FORMS:
            target = folder / "quantized.onnx"
            quantize(exact, target, form, {"x": x})
            expected = in_peer(target, {"x": x}, options)["y"]
            step = step_of_output(target)
            unit = step or float(numpy.abs(expected).max())
            worst = max(float(numpy.abs(in_oneiro(target, files, each, folder, options)["y"] - expected).max()) / unit
                        for each in backends)
            failed |= not worst <= (1.001 if step else options.tolerance)
            cells.append(f"{worst:.0f}" if step else f"{worst:.1e}")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    return failed


def take_turns(model, files, contender, options):
    peer = next(key for key in compare.PEERS if key.startswith("ONNX Runtime"))
    times = {peer: [], contender: []}
    for turn in range(options.rounds):
        for key in sorted(times, reverse=turn % 2 == 1):
            times[key] += compare.take_turn(key, model, files, options)[0]
    return statistics.median(times[peer]), statistics.median(times[contender])


def compare_models(folder, options):
    contender = options.backends.split(",")[0]
    head = ["model", "form", "of ONNX Runtime, dB", "it of itself, dB", "of float32, dB"]
    head += ["ONNX Runtime, ms", f"Oneiro, `{contender}`, ms", "ratio"] if options.times else []
    print(f"| {' | '.join(head)} |\n|---|---|{'---:|' * (len(head) - 2)}")
    failed = False
    for model in options.models:
        label = model.parent.name if model.stem == "model" else model.stem
        inputs = compare.make_inputs(compare.start_session(model, options), options)
        exact, files = in_peer(model, inputs, options), save(inputs, folder)
        prepared = folder / "prepared.onnx"
        quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
        for form in options.forms or FORMS:
            target = folder / "quantized.onnx"
            quantize(prepared, target, form, inputs)
            peer, found = in_peer(target, inputs, options), in_oneiro(target, files, contender, folder, options)
            floats = [key for key in peer if peer[key].dtype == numpy.float32]
            agreement = min(decibels(found[key.replace("/", "_")], peer[key]) for key in floats)
            plain = in_peer(target, inputs, options, optimized=False)
            spread = min(decibels(peer[key], plain[key]) for key in floats)
            noise = min(decibels(peer[key], exact[key]) for key in floats)
            failed |= not agreement > min(noise, spread - MARGIN)
            cells = [label, form, f"{agreement:.1f}", f"{spread:.1f}", f"{noise:.1f}"]
            if options.times:
                theirs, ours = take_turns(target, files, contender, options)
                cells += [f"{theirs:.3f}", f"{ours:.3f}", f"{ours / theirs:.2f}"]
            print(f"| {' | '.join(cells)} |", flush=True)
    return failed


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=pathlib.Path, help="ONNX files (default: Models/parts/*.onnx)")
    parser.add_argument("--oneiro", default=str(compare.ROOT / ".build/release/oneiro"), help="default: %(default)s")
    parser.add_argument("--forms", type=lambda text: text.split(";"),
                        help=f"some of these, with ; between: {'; '.join(FORMS)}")
    parser.add_argument("--backends", default=BACKENDS,
                        help="for layers; the first one for models (default: %(default)s)")
    parser.add_argument("--layers-only", action="store_true", help="leave out the models")
    parser.add_argument("--tolerance", type=float, default=1e-5, help="default: %(default)s")
    parser.add_argument("--times", action="store_true", help="add times of the models")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="turns that each contender gets (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=20, help="timed runs in one turn (default: %(default)s)")
    parser.add_argument("--warmup", type=int, default=5, help="runs before those (default: %(default)s)")
    parser.add_argument("--dim", action="append", default=[], metavar="NAME=N", help="a named dimension; others are 1")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(pass_on=[])
    options = parser.parse_args()
    for form in options.forms or []:
        if form not in FORMS:
            parser.error(f"form {form}: expected one of {'; '.join(FORMS)}")
    layers_too = not options.models
    options.models = options.models or sorted((compare.ROOT / "Models/parts").glob("*.onnx"))
    return options, layers_too


def main():
    warnings.simplefilter("ignore")
    options, layers_too = arguments()
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if layers_too:
            failed |= compare_layers(folder, options)
            print()
        if not options.layers_only:
            failed |= compare_models(folder, options)
    sys.exit(1 if failed else 0)


main()
