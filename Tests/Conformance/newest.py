"""Writes the node cases of the installed onnx package into the folders that `oneiro conformance` reads.

    Tests/Conformance/newest.sh        into .peers/onnx-cases, with the package that newest.txt pins

The package holds these cases as programs that make their data when they are loaded. One folder a case, with model.onnx
and test_data_set_N/{input,output}_M.pb. A file VERSION, which is written last, says which package made them. Pillow is
left out on purpose: without it, the cases of ImageDecoder are recorded files.
"""

import argparse
import pathlib
import random
import shutil
import warnings

import numpy
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests


def message(value, info):
    """The message of a value as the type of a graph's input or output wants it."""
    if isinstance(value, onnx.TensorProto):
        return value
    make = {
        "map_type": numpy_helper.from_dict,
        "sequence_type": numpy_helper.from_list,
        "optional_type": numpy_helper.from_optional,
    }.get(info.type.WhichOneof("value"))
    if make:
        return make(value, info.name)
    return numpy_helper.from_array(numpy.asarray(value), info.name)


def write(case, folder):
    folder.mkdir()
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    for number, (inputs, outputs) in enumerate(case.data_sets):
        data = folder / f"test_data_set_{number}"
        data.mkdir()
        for prefix, values, infos in (
            ("input", inputs, case.model.graph.input),
            ("output", outputs, case.model.graph.output),
        ):
            for index, (value, info) in enumerate(zip(values, infos, strict=True)):
                (data / f"{prefix}_{index}.pb").write_bytes(message(value, info).SerializeToString())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path, help="made anew")
    folder = parser.parse_args().folder
    warnings.simplefilter("ignore")
    random.seed(0)
    numpy.random.seed(0)
    cases = load_model_tests(kind="node")
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    for case in cases:
        write(case, folder / case.name)
    (folder / "VERSION").write_text(onnx.__version__ + "\n")
    print(f"{len(cases)} cases of onnx {onnx.__version__} in {folder}")


if __name__ == "__main__":
    main()
