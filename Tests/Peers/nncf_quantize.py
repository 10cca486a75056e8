#!/usr/bin/env python3
"""Lets NNCF quantize a model to 8 bits for OpenVINO, weights and activations, and writes what OpenVINO reads.

    Tests/Peers/run.sh nncf_quantize.py unet.onnx unet-nncf.xml --input sample=x.npy --input timestep=t.npy \\
        --input context=c.npy
    Tests/Peers/run.sh compare.py unet8.onnx --openvino-model unet-nncf.xml ...

The inputs, .npy files, are what it is calibrated with, and their shapes those that the result has. --model-type
transformer is what NNCF advises for networks with attention: it keeps sensitive operators in floats and moves outliers
from activations to weights.
"""

import argparse
import collections
import pathlib
import sys

import nncf
import numpy
import openvino


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path, help="an .xml file; weights go to the .bin file beside it")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=FILE", help="a .npy file")
    parser.add_argument("--model-type", choices=["none", "transformer"], default="transformer")
    options = parser.parse_args()
    if options.out.suffix != ".xml":
        sys.exit(f"{options.out}: the name of what is written ends in .xml")
    inputs = {}
    for word in options.input:
        name, separator, file = word.partition("=")
        if not separator:
            sys.exit(f"--input {word}: expected NAME=FILE")
        inputs[name] = numpy.load(file)
    if not inputs:
        sys.exit("--input NAME=FILE: expected one for each of the model's inputs, found none")
    model = openvino.Core().read_model(str(options.model))
    model.reshape({name: value.shape for name, value in inputs.items()})
    quantized = nncf.quantize(
        model, nncf.Dataset([inputs]), subset_size=1,
        model_type=nncf.ModelType.TRANSFORMER if options.model_type == "transformer" else None)
    openvino.save_model(quantized, str(options.out), compress_to_fp16=False)
    counts = collections.Counter(operation.get_type_name() for operation in quantized.get_ops())
    print(f"{options.out}: {counts['FakeQuantize']} quantized activations among {counts['Convolution']} convolutions and "
          f"{counts['MatMul']} products")


if __name__ == "__main__":
    main()
