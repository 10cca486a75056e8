"""A diffusers folder, imported: do its U-Net and autoencoder give what diffusers gives?

    Tests/Peers/run.sh diffusers_import.py

Makes small models of several kinds with diffusers itself, saves them, imports the folder with `oneiro import`, and
compares outputs, relative to the largest value. More than 1e-4 is a failure.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel

ROOT = pathlib.Path(__file__).resolve().parents[2]
ONEIRO = ROOT / ".build/release/oneiro"
ALLOWED = 1e-4
ALL = ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D")
CASES = {
    "as Stable Diffusion 1.5": dict(attention_head_dim=4),
    "as Stable Diffusion 2": dict(attention_head_dim=[2, 4, 4], use_linear_projection=True),
    "one layer a level, three transformers": dict(attention_head_dim=4, layers_per_block=1,
                                                  transformer_layers_per_block=3),
    "other normalization": dict(attention_head_dim=4, norm_num_groups=16, norm_eps=1e-6),
}


def randomised(model):
    """Layers that start at zero would hide a mistake."""
    generator = torch.Generator().manual_seed(3)
    for parameter in model.parameters():
        parameter.data += 0.05 * torch.randn(parameter.shape, generator=generator)
    return model.eval()


def unet(**settings):
    return randomised(UNet2DConditionModel(**{
        "sample_size": 16, "block_out_channels": (32, 64, 64), "down_block_types": ALL,
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"), "cross_attention_dim": 24,
        "norm_num_groups": 32, **settings}))


def difference(found, expected):
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def run(model, folder, inputs):
    arguments = [str(ONEIRO), "run", str(model), "--output-dir", str(folder / "out")]
    for name, array in inputs.items():
        np.save(folder / f"{name}.npy", array)
        arguments += ["--input", f"{name}={folder / name}.npy"]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    return {path.stem: np.load(path) for path in (folder / "out").glob("*.npy")}


def extract(pipeline, role, folder):
    model = folder / f"{role}.onnx"
    subprocess.run([str(ONEIRO), "bundle", "extract", str(pipeline), role, "--out", str(model)], check=True,
                   stdout=subprocess.DEVNULL)
    return model


def main():
    failed = False
    for name, settings in CASES.items():
        with tempfile.TemporaryDirectory() as temporary, torch.no_grad():
            folder = pathlib.Path(temporary)
            network = unet(**settings)
            autoencoder = randomised(AutoencoderKL(
                block_out_channels=(32, 64), layers_per_block=1, norm_num_groups=16, latent_channels=4,
                down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
                scaling_factor=0.3))
            network.save_pretrained(folder / "model/unet")
            autoencoder.save_pretrained(folder / "model/vae")
            DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear").save_pretrained(
                folder / "model/scheduler")
            pipeline = folder / "dream.onnx"
            subprocess.run([str(ONEIRO), "import", str(folder / "model"), "--size", "32", "--out", str(pipeline)],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            generator = torch.Generator().manual_seed(5)
            sample, context, latent, image = (
                torch.randn(shape, generator=generator)
                for shape in [(2, 4, 16, 16), (2, 7, 24), (1, 4, 8, 8), (1, 3, 32, 32)])
            timestep = torch.tensor([3, 951])
            rows = []
            found = run(extract(pipeline, "unet", folder), folder, {
                "sample": sample.numpy(), "timestep": timestep.numpy(), "context": context.numpy()})
            rows.append(("U-Net", found["epsilon"], network(sample, timestep, context).sample))
            found = run(extract(pipeline, "vae_decoder", folder), folder, {"latent": latent.numpy()})
            rows.append(("decoder", found["picture"], autoencoder.decode(latent).sample))
            found = run(extract(pipeline, "vae_encoder", folder), folder, {"image": image.numpy()})
            rows.append(("encoder", found["latent_mean"], autoencoder.encode(image).latent_dist.mean))
            text = subprocess.run([str(ONEIRO), "dump", str(pipeline), "--format", "text", "--depth", "0"], check=True,
                                  capture_output=True, text=True).stdout
            scale_is_right = "latent_scale: float = 0.3" in text
            failed |= not scale_is_right
            for part, mine, theirs in rows:
                worst = difference(mine, theirs.numpy())
                failed |= not worst <= ALLOWED
                print(f"{name}, {part}: {worst:.1e}", flush=True)
            if not scale_is_right:
                print(f"{name}: the latent's scale of 0.3 is not in the pipeline")
    sys.exit(1 if failed else 0)


main()
