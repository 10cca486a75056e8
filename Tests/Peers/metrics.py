"""Scores of `oneiro evaluate` beside those of other software, on the same made-up pictures and networks.

    Tests/Peers/run.sh metrics.py

MSE, PCC and SSIM are held against NumPy and scikit-image, LPIPS against the lpips package (AlexNet with random weights, which
need no download), FID against SciPy's matrix root, N-way accuracy against NumPy's own draws of the same seed, pair-wise
scores, CLIP similarity and retrieval against their definitions in NumPy, intervals against SciPy's bootstrap. Ends with
status 1 when a number is off.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import lpips
import numpy as np
import torch
from PIL import Image
from scipy import linalg, stats
from skimage.metrics import structural_similarity

ONEIRO = Path(__file__).resolve().parents[2] / ".build/release/oneiro"
COUNT, SIDE, CLASSES, SEED, WAYS, DRAWS = 24, 64, 60, 2022, 50, 50


class Network(torch.nn.Module):
    """A small convolutional network from a picture to numbers."""

    def __init__(self, outputs, seed):
        super().__init__()
        torch.manual_seed(seed)
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(3, 12, 5, stride=3), torch.nn.ReLU(), torch.nn.Conv2d(12, 16, 5, stride=3), torch.nn.ReLU(),
            torch.nn.Flatten(), torch.nn.Linear(16 * 6 * 6, outputs))

    def forward(self, picture):
        return self.layers(picture) * 10


def export(module, path, pictures):
    arguments = tuple(torch.zeros(1, 3, SIDE, SIDE) for _ in range(pictures))
    torch.onnx.export(module.eval(), arguments, str(path), dynamo=False, opset_version=17)


def tensor(picture):
    return torch.tensor(picture).permute(2, 0, 1)[None].float() / 127.5 - 1


def make_pictures(random):
    """Smooth random pictures, and the same with noise and another picture mixed in."""
    small = random.uniform(0, 255, (COUNT, 8, 8, 3))
    shown = [np.array(Image.fromarray(one.astype(np.uint8)).resize((SIDE, SIDE), Image.BICUBIC)) for one in small]
    drawn = []
    for index, picture in enumerate(shown):
        other = shown[(index + 1) % COUNT]
        mixed = 0.42 * picture + 0.45 * other + random.normal(0, 40, picture.shape)
        drawn.append(np.clip(mixed, 0, 255).astype(np.uint8))
    return shown, drawn


def run(folder, shown, drawn, networks):
    for name, pictures in (("shown", shown), ("drawn", drawn)):
        (folder / name).mkdir()
        for index, picture in enumerate(pictures):
            Image.fromarray(picture).save(folder / name / f"{index:02}.png")
    command = [ONEIRO, "evaluate", "--pictures", folder / "drawn", "--truths", folder / "shown", "--json", "--ways", str(WAYS),
               "--draws", str(DRAWS), "--seed", str(SEED), "--replicates", "20000"]
    for role, path in networks.items():
        command += ["--with", f"{role}={path}"]
    result = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return result["conditions"][0]["scores"], result["fid"]["pictures"]


def matrix(function, drawn, shown):
    return np.array([[function(one, other) for other in shown] for one in drawn])


def pcc(one, other):
    return np.corrcoef(one.ravel(), other.ravel())[0, 1]


def mse(one, other):
    return np.mean((one.astype(float) - other.astype(float)) ** 2)


def ssim(one, other):
    return structural_similarity(one, other, data_range=255, channel_axis=-1)


def pairwise(similar):
    others = ~np.eye(COUNT, dtype=bool)
    return [(np.diag(similar)[row] > similar[row][others[row]]).mean() for row in range(COUNT)]


def n_way_accuracy(logits_shown, logits_drawn, top_k):
    """As the original evaluates: the class is what the classifier sees in the true picture."""
    np.random.seed(SEED)
    scores = []
    for truth, answer in zip(logits_shown, logits_drawn):
        true_class, right = int(truth.argmax()), 0
        pool = [number for number in range(CLASSES) if number != true_class]
        picks = [np.random.choice(pool, WAYS - 1, replace=False) for _ in range(DRAWS)]
        probabilities = torch.softmax(torch.tensor(answer), 0).numpy()
        for others in picks:
            right += (probabilities[others] >= probabilities[true_class]).sum() < top_k
        scores.append(right / DRAWS)
    return scores


def frechet(one, other):
    covariances = [np.cov(features, rowvar=False) for features in (one, other)]
    root = linalg.sqrtm(covariances[0] @ covariances[1]).real
    return ((one.mean(0) - other.mean(0)) ** 2).sum() + np.trace(covariances[0] + covariances[1] - 2 * root)


def cosine(one, other):
    return (one @ other.T) / np.linalg.norm(one, axis=1)[:, None] / np.linalg.norm(other, axis=1)[None]


def main():
    torch.set_grad_enabled(False)
    random = np.random.default_rng(3)
    shown, drawn = make_pictures(random)
    torch.manual_seed(4)
    distance = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False).eval()
    modules = {
        "image_classifier": Network(CLASSES, 5), "clip_image_encoder": Network(32, 6), "fid": Network(8, 7),
        "lpips": distance}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        networks = {role: folder / f"{role}.onnx" for role in modules}
        for role, module in modules.items():
            export(module, networks[role], 2 if role == "lpips" else 1)
        scores, fid = run(folder, shown, drawn, networks)

    def outputs(role, pictures):
        return np.concatenate([modules[role](tensor(picture)).numpy() for picture in pictures]).astype(float)

    similar = {
        "mse": -matrix(mse, drawn, shown), "pcc": matrix(pcc, drawn, shown), "ssim": matrix(ssim, drawn, shown),
        "lpips": -matrix(lambda a, b: distance(tensor(a), tensor(b)).item(), drawn, shown)}
    expected = {}
    for key, values in similar.items():
        sign = -1 if key in ("mse", "lpips") else 1
        expected[key] = sign * np.diag(values)
        expected[f"{key}_pairwise"] = pairwise(values)
    logits = outputs("image_classifier", shown), outputs("image_classifier", drawn)
    for top_k in (1, 5):
        expected[f"{WAYS}_way_top_{top_k}"] = n_way_accuracy(*logits, top_k)
    cosines = cosine(outputs("clip_image_encoder", drawn), outputs("clip_image_encoder", shown))
    expected["clip_similarity"] = np.diag(cosines)
    for top_k in (1, 5):
        expected[f"{COUNT}_way_retrieval_top_{top_k}"] = (cosines > np.diag(cosines)[:, None]).sum(1) < top_k

    failures = 0
    print(f"{'measure':24}{'Oneiro':>12}{'peer':>12}{'interval':>24}{'peer':>24}")
    for key, values in expected.items():
        values, found = np.asarray(values, float), scores[key]
        low, high = values.mean(), values.mean()
        if values.std() > 0:
            interval = stats.bootstrap(
                (values,), np.mean, n_resamples=20000, method="percentile", random_state=1).confidence_interval
            low, high = interval.low, interval.high
        # Two bootstraps agree up to their random draws, and a Poisson one draws not always as many.
        slack = 0.12 * (high - low) + 1e-9
        ok = (abs(found["mean"] - values.mean()) <= 1e-4 * max(abs(values.mean()), 1e-3)
              and abs(found["low"] - low) <= slack and abs(found["high"] - high) <= slack)
        failures += not ok
        print(f"{key:24}{found['mean']:12.5f}{values.mean():12.5f}{found['low']:12.4f}{found['high']:12.4f}"
              f"{low:12.4f}{high:12.4f}{'' if ok else '  OFF'}")
    peer = frechet(outputs("fid", shown), outputs("fid", drawn))
    ok = abs(fid - peer) <= 1e-3 * peer
    failures += not ok
    print(f"{'fid':24}{fid:12.5f}{peer:12.5f}{'' if ok else '  OFF'}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
