"""Evaluates many short trials, and prints the memory that it took.

Makes a pipeline of a few operators with made-up weights, recordings of 1,000 and of 10,000 trials (4 channels of 32 samples,
pictures of 16 x 16), and runs `oneiro evaluate` on both. Memory must not grow with the number of trials beyond what is
kept of each: eight bytes to tell stimuli apart, and the labels.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

ONEIRO = Path(__file__).resolve().parents[2] / ".build/release/oneiro"
CHANNELS, SAMPLES, SIDE, CLASSES = 4, 32, 16, 10


def part(folder, role, inputs, output, nodes, weights):
    def info(name, dims, kind=TensorProto.FLOAT):
        return helper.make_tensor_value_info(name, kind, ["batch", *dims])

    graph = helper.make_graph(
        nodes, role,
        [info(name, dims, TensorProto.INT64 if name == "timestep" else TensorProto.FLOAT) for name, dims in inputs],
        [info(*output)], [numpy_helper.from_array(value, name) for name, value in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, folder / f"{role}.onnx")


def make_pipeline(folder):
    random = np.random.default_rng(1)
    node = helper.make_node

    def normal(*dims):
        return (random.standard_normal(dims) / np.sqrt(np.prod(dims[1:]))).astype(np.float32)

    tokens = [CHANNELS, SAMPLES]
    part(folder, "eeg_encoder", [("eeg", tokens)], ("tokens", tokens), [node("Tanh", ["eeg"], ["tokens"])], {})
    part(folder, "conditioner", [("tokens", tokens)], ("context", tokens), [node("Relu", ["tokens"], ["context"])], {})
    part(
        folder, "unet", [("sample", [4, 8, 8]), ("timestep", []), ("context", tokens)], ("eps", [4, 8, 8]),
        [
            node("ReduceMean", ["context"], ["mean"], axes=[2], keepdims=1), node("Unsqueeze", ["mean", "last"], ["wide"]),
            node("Conv", ["sample", "kernel"], ["mixed"], pads=[1, 1, 1, 1]), node("Add", ["mixed", "wide"], ["eps"]),
        ], {"kernel": normal(4, 4, 3, 3), "last": np.array([3])})
    part(
        folder, "vae_decoder", [("latent", [4, 8, 8])], ("image", [3, SIDE, SIDE]),
        [
            node("Resize", ["latent", "", "scales"], ["large"], mode="nearest"),
            node("Conv", ["large", "kernel"], ["colours"]), node("Tanh", ["colours"], ["image"]),
        ], {"scales": np.array([1, 1, 2, 2], np.float32), "kernel": normal(3, 4, 1, 1)})
    part(
        folder, "image_classifier", [("image", [3, SIDE, SIDE])], ("logits", [CLASSES]),
        [node("Flatten", ["image"], ["flat"]), node("MatMul", ["flat", "weight"], ["logits"])],
        {"weight": normal(3 * SIDE * SIDE, CLASSES)})
    (folder / "scheduler.json").write_text(json.dumps({
        "num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "scaling_factor": 1,
        "num_inference_steps": 5}))
    pipeline = folder / "pipeline.onnx"
    subprocess.run([ONEIRO, "bundle", "create", pipeline, "--from", folder], check=True, stdout=subprocess.DEVNULL)
    return pipeline


def make_trials(path, count):
    random = np.random.default_rng(2)
    labels = random.integers(0, CLASSES, count)
    eeg = random.standard_normal((count, CHANNELS, SAMPLES)).astype(np.float32) + labels[:, None, None].astype(np.float32) / 10
    images = random.integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)
    save_file({"eeg": eeg, "label": labels, "image": images}, path)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pipeline = make_pipeline(folder)
        peaks = {}
        for count in (1_000, 10_000):
            recording = folder / f"{count}.safetensors"
            make_trials(recording, count)
            command = [ONEIRO, "evaluate", pipeline, "--eeg", recording, "--gallery", "20", "--json", *sys.argv[1:]]
            result = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            assert result["trials"] == count
            peaks[count] = result["run"]["memory at peak"]
            print(f"{count} trials: {result['run']['seconds']} s, {peaks[count]} at peak, "
                  f"recording of {recording.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
