#!/usr/bin/env python3
"""Writes the U-Net of Stable Diffusion 1.5 as PyTorch's exporters write the diffusers model, with random weights.

    Tests/Peers/run.sh export_unet.py unet-diffusers.onnx
    Tests/Peers/run.sh export_unet.py unet-dynamo.onnx --dynamo

4 GB of disk, 16 GB of memory. compare.py then times it beside the graph that Oneiro's builders write.
"""

import argparse
import sys

import torch
from diffusers import UNet2DConditionModel


class Flat(torch.nn.Module):
    """The model with one tensor as output."""

    def __init__(self, unet):
        super().__init__()
        self.unet = unet

    def forward(self, sample, timestep, context):
        return self.unet(sample, timestep, context, return_dict=False)[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", help="the ONNX file; weights lie beside it")
    parser.add_argument("--dynamo", action="store_true", help="by the exporter on torch.export, not by tracing")
    parser.add_argument("--size", type=int, default=64, help="of the latent (default: %(default)s)")
    options = parser.parse_args()
    torch.manual_seed(0)
    with torch.no_grad():
        unet = UNet2DConditionModel(sample_size=options.size, cross_attention_dim=768, attention_head_dim=8).eval()
        inputs = (torch.randn(1, 4, options.size, options.size), torch.tensor([801]), torch.randn(1, 77, 768))
        names = {"input_names": ["sample", "timestep", "context"], "output_names": ["eps"]}
        if options.dynamo:
            torch.onnx.export(Flat(unet), inputs, options.out, dynamo=True, external_data=True, **names)
        else:
            torch.onnx.export(Flat(unet), inputs, options.out, dynamo=False, opset_version=17, **names)
    return 0


if __name__ == "__main__":
    sys.exit(main())
