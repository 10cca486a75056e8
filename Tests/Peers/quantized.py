"""Models that `oneiro quantize` writes, in ONNX Runtime: do they load, and give the same numbers?

    Tests/Peers/run.sh quantized.py                       all parts in Models/parts, every scheme
    Tests/Peers/run.sh quantized.py unet.onnx --schemes w8,w4

For each file: its size in terms of the model's; the largest difference between Oneiro and ONNX Runtime, relative to the
largest value of the output; how near the two are, and how near the quantized model is to the one that is not, as
signal-to-noise ratios. Where activations stay float32, more than --tolerance is a failure. Where they are rounded, a last
bit decides which way a number goes, and the rest of the model carries that on: there the two runtimes must be nearer to each
other than to the model that is not quantized.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parents[2]
ONEIRO = ROOT / ".build/release/oneiro"
SCHEMES = "f16,w8,w4,w8a8,w8a8-dynamic"
ROUNDED = ("w8a8", "w8a8-dynamic")


def inputs_of(session, folder):
    generator = np.random.default_rng(7)
    files = []
    made = {}
    for info in session.get_inputs():
        shape = [2 if isinstance(extent, str) else extent for extent in info.shape]
        if "int64" in info.type:
            made[info.name] = np.array(([500, 20] * np.prod(shape).astype(int))[: int(np.prod(shape))]).reshape(shape)
        else:
            made[info.name] = generator.standard_normal(shape).astype(np.float32)
        np.save(folder / f"{info.name}.npy", made[info.name])
        files.append(f"{info.name}={folder / info.name}.npy")
    return made, files


def oneiro(model, files, folder, backend):
    arguments = [str(ONEIRO), "run", str(model), "--output-dir", str(folder / "out"), "--backend", backend]
    for file in files:
        arguments += ["--input", file]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    return {path.stem: np.load(path) for path in (folder / "out").glob("*.npy")}


def onnx_runtime(model, inputs):
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = len(os.sched_getaffinity(0))
    # Products with 4-bit weights would round their activations to 8 bits as well.
    settings.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "1")
    session = onnxruntime.InferenceSession(str(model), settings, providers=["CPUExecutionProvider"])
    names = [info.name for info in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs)))


def decibels(found, expected):
    noise = np.square((found - expected).astype(np.float64)).sum()
    return float("inf") if noise == 0 else 10 * np.log10(np.square(expected.astype(np.float64)).sum() / noise)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=pathlib.Path, help="Models/parts/*.onnx when left out")
    parser.add_argument("--schemes", default=SCHEMES)
    parser.add_argument("--backend", default="onednn")
    parser.add_argument("--tolerance", type=float, default=1e-3)
    options = parser.parse_args()
    models = options.models or sorted((ROOT / "Models/parts").glob("*.onnx"))
    print(f"ONNX Runtime {onnxruntime.__version__}")
    print("| model | scheme | file | largest difference | of ONNX Runtime, dB | of float32, dB |")
    print("|---|---|---:|---:|---:|---:|")
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for model in models:
            session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
            inputs, files = inputs_of(session, folder)
            exact = onnx_runtime(model, inputs)
            for scheme in options.schemes.split(","):
                quantized = folder / "quantized.onnx"
                arguments = [str(ONEIRO), "quantize", str(model), str(quantized), "--scheme", scheme]
                if scheme == "w8a8":
                    for file in files:
                        arguments += ["--calibration-input", file]
                subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                onnx.checker.check_model(str(quantized), full_check=True)
                peer = onnx_runtime(quantized, inputs)
                found = oneiro(quantized, files, folder, options.backend)
                worst = max(float(np.abs(found[each] - peer[each]).max() / np.abs(peer[each]).max()) for each in peer)
                noise = min(decibels(found[each], exact[each]) for each in peer)
                agreement = min(decibels(found[each], peer[each]) for each in peer)
                failed |= not (agreement > noise if scheme in ROUNDED else worst <= options.tolerance)
                share = quantized.stat().st_size / model.stat().st_size
                print(f"| {model.stem} | {scheme} | {share:.2f} | {worst:.1e} | {agreement:.1f} | {noise:.1f} |", flush=True)
                for path in (folder / "out").glob("*"):
                    path.unlink()
    sys.exit(1 if failed else 0)


main()
