"""Parts of the full-size pipeline as plain ONNX files, in ONNX Runtime and OpenVINO: do they load, and give the same?

    Tests/Peers/run.sh extracted_parts.py         makes a pipeline with made-up weights first: 10 GB of disk
    Tests/Peers/run.sh extracted_parts.py --pipeline dream.onnx

The largest difference of each output is given relative to its largest value; more than 1e-4 is a failure.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import time

import numpy as np
import onnxruntime
import openvino

ROOT = pathlib.Path(__file__).resolve().parents[2]
ONEIRO = ROOT / ".build/release/oneiro"
ALLOWED = 1e-4


def inputs_of(session, side):
    """Numbers for every input of a model; the latent is `side` wide."""
    generator = np.random.default_rng(7)
    sizes = {"batch": 1, "height": side, "width": side, "latent_height": side, "latent_width": side,
             "context_length": 77}
    made = {}
    for info in session.get_inputs():
        shape = [sizes.get(extent, 1) if isinstance(extent, str) else extent for extent in info.shape]
        if "int64" in info.type:
            made[info.name] = np.full(shape, 500, np.int64)
        else:
            made[info.name] = generator.standard_normal(shape).astype(np.float32)
    return made


def oneiro(model, inputs, folder, backend):
    arguments = [str(ONEIRO), "run", str(model), "--output-dir", str(folder / "out"), "--backend", backend]
    for name, array in inputs.items():
        np.save(folder / f"{name}.npy", array)
        arguments += ["--input", f"{name}={folder / name}.npy"]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    return {path.stem: np.load(path) for path in (folder / "out").glob("*.npy")}


def difference(found, expected):
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pipeline", type=pathlib.Path, help="a pipeline file; made when left out")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / ".peers/extracted", help="where to work")
    parser.add_argument("--side", type=int, default=64, help="pixels along a side of the latent")
    parser.add_argument("--roles", default="eeg_encoder,vae_decoder,unet")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    pipeline = options.pipeline
    if pipeline is None:
        pipeline = options.folder / "full-size.onnx"
        if not pipeline.exists():
            subprocess.run([str(ONEIRO), "import", "--architecture", "dreamdiffusion-sd15", "--random-weights",
                            "--out", str(pipeline)], check=True)
    threads = len(os.sched_getaffinity(0))
    core = openvino.Core()
    core.set_property("CPU", {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"})
    print(f"ONNX Runtime {onnxruntime.__version__}, OpenVINO {openvino.__version__}")
    print("| part | compared with | largest difference | its time to load, s |")
    print("|---|---|---:|---:|")
    failed = False
    for role in options.roles.split(","):
        model = options.folder / f"{role}.onnx"
        subprocess.run([str(ONEIRO), "bundle", "extract", str(pipeline), role, "--out", str(model)], check=True,
                       stdout=subprocess.DEVNULL)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        start = time.perf_counter()
        session = onnxruntime.InferenceSession(str(model), settings, providers=["CPUExecutionProvider"])
        load = time.perf_counter() - start
        inputs = inputs_of(session, options.side)
        names = [info.name for info in session.get_outputs()]
        peers = {"ONNX Runtime": (dict(zip(names, session.run(names, inputs))), load)}
        del session
        start = time.perf_counter()
        compiled = core.compile_model(str(model), "CPU")
        load = time.perf_counter() - start
        result = compiled(inputs)
        peers["OpenVINO"] = ({name: result[name] for name in names}, load)
        del compiled, result
        found = oneiro(model, inputs, options.folder, "onednn")
        for peer, (outputs, load) in peers.items():
            worst = max(difference(found[name], outputs[name]) for name in names)
            failed |= not worst <= ALLOWED
            print(f"| {role} | {peer} | {worst:.1e} | {load:.1f} |", flush=True)
        for path in options.folder.glob(f"{role}.*"):
            path.unlink()
    sys.exit(1 if failed else 0)


main()
