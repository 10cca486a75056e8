"""Filters next to SciPy, spherical splines next to MNE: what `oneiro eeg export` and `oneiro eeg prepare` make of signals.

    Tests/Peers/run.sh eeg_preparation.py
    Tests/Peers/run.sh eeg_preparation.py --write     also writes the numbers of Tests/OneiroEEGTests/Golden

Filters are compared on minutes of noise with a drift and mains hum, at rates and limits from easy to hard; differences are
relative to the largest value of SciPy's result. Golden numbers are for a short signal that stands beside them.
"""

import argparse
import fractions
import json
import pathlib
import subprocess
import sys
import tempfile

import mne.channels.interpolation
import numpy
import pyedflib
import scipy.signal

TOLERANCE = 1e-6
SPLINE_TOLERANCE = 1e-5
ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "Tests/OneiroEEGTests/Golden/preparation.json"

# rate, low, high, order, notches, new rate
CASES = [
    (250, 1, 40, 4, [], None),
    (1000, 0.5, 100, 4, [50], None),
    (1000, 0.1, None, 2, [], None),
    (256, None, 30, 3, [], None),
    (512, 5, 95, 5, [50, 100], None),
    (200, 5, 99, 1, [], None),
    (256, 0.1, 100, 12, [], None),
    (1000, 0.5, 40, 20, [], None),
    (250, None, None, 4, [50], None),
    (256, None, None, 4, [], 1000),
    (2048, None, None, 4, [], 1000),
    (1000, None, None, 4, [], 250),
    (500, 1, 100, 4, [60], 1000),
]


def filtered(x, rate, low, high, order, notches, new_rate):
    for notch in notches:
        x = scipy.signal.filtfilt(*scipy.signal.iirnotch(notch, 30, rate), x)
    if low or high:
        kind = "bandpass" if low and high else "highpass" if low else "lowpass"
        limits = [low, high] if low and high else low or high
        x = scipy.signal.sosfiltfilt(scipy.signal.butter(order, limits, kind, fs=rate, output="sos"), x)
    if new_rate:
        ratio = fractions.Fraction(new_rate, rate)
        x = scipy.signal.resample_poly(x, ratio.numerator, ratio.denominator)
    return x


def name(case):
    rate, low, high, order, notches, new_rate = case
    parts = [f"{rate} Hz"]
    if low or high:
        parts.append(f"{low or ''}:{high or ''} Hz of order {order}")
    parts += [f"notch {notch} Hz" for notch in notches]
    if new_rate:
        parts.append(f"to {new_rate} Hz")
    return ", ".join(parts)


def signal(random, rate, seconds):
    t = numpy.arange(int(rate * seconds)) / rate
    return (
        10 * random.standard_normal(len(t)) + 200 + 50 * t / seconds + 20 * numpy.sin(2 * numpy.pi * 50 * t + 1)
        + 15 * numpy.sin(2 * numpy.pi * 0.3 * t)
    )


def positions(random, count):
    points = random.standard_normal((count, 3))
    points[:, 2] = abs(points[:, 2])
    return points / numpy.linalg.norm(points, axis=1, keepdims=True)


def check_filters(program, folder):
    random = numpy.random.default_rng(7)
    failed = False
    for case in CASES:
        rate, low, high, order, notches, new_rate = case
        x = numpy.stack([signal(random, rate, 120) for _ in range(3)])
        numpy.save(folder / "in.npy", x)
        command = [program, "eeg", "export", folder / "in.npy", "--rate", rate, "--out", folder / "out.npy"]
        if low or high:
            command += ["--band", f"{low or ''}:{high or ''}", "--order", order]
        if notches:
            command += ["--notch", ",".join(map(str, notches))]
        if new_rate:
            command += ["--resample", new_rate]
        subprocess.run(list(map(str, command)), check=True, capture_output=True)
        found = numpy.load(folder / "out.npy")
        expected = numpy.stack([filtered(row, *case) for row in x])
        difference = (
            numpy.inf if found.shape != expected.shape else abs(found - expected).max() / abs(expected).max())
        failed |= not difference <= TOLERANCE
        print(f"{'ok  ' if difference <= TOLERANCE else 'FAIL'} {name(case)}: {difference:.1e}")
    return failed


def check_splines(program, folder):
    """Some electrodes of the bundled model's are missing: MNE computes them from the others too."""
    settings = json.load(open(ROOT / "Models/parts/preparation.json"))
    places, count = numpy.array(settings["positions"]), settings["samples"]
    random = numpy.random.default_rng(11)
    failed = False
    for kept_count in [96, 32, 8]:
        kept = numpy.sort(random.choice(len(places), kept_count, replace=False))
        x = 10 * random.standard_normal((kept_count, count))
        # What an EDF file can hold.
        with pyedflib.EdfWriter(str(folder / "cap.edf"), kept_count, file_type=pyedflib.FILETYPE_EDFPLUS) as writer:
            for row, index in enumerate(kept):
                writer.setSignalHeader(row, {
                    "label": settings["montage"][index], "dimension": "uV", "sample_frequency": 1000,
                    "physical_max": 100, "physical_min": -100, "digital_max": 32767, "digital_min": -32768,
                    "transducer": "", "prefilter": ""})
            writer.setDatarecordDuration(0.512)
            writer.writeSamples(list(x))
        with pyedflib.EdfReader(str(folder / "cap.edf")) as reader:
            x = numpy.stack([reader.readSignal(row)[:count] for row in range(kept_count)])
        subprocess.run([
            str(program), "eeg", "prepare", str(ROOT / "Models/dreamdiffusion-tiny.onnx"), "--eeg", str(folder / "cap.edf"),
            "--onset", "0", "--out", str(folder / "cap.npy"),
        ], check=True, capture_output=True)
        found = numpy.load(folder / "cap.npy")[0]
        expected = numpy.empty((len(places), count))
        missing = numpy.setdiff1d(numpy.arange(len(places)), kept)
        expected[kept] = x
        expected[missing] = mne.channels.interpolation._make_interpolation_matrix(places[kept], places[missing]) @ x
        difference = abs(found - expected).max() / abs(expected).max()
        failed |= not difference <= SPLINE_TOLERANCE
        print(f"{'ok  ' if difference <= SPLINE_TOLERANCE else 'FAIL'} {len(missing)} electrodes from {kept_count}: "
              f"{difference:.1e}")
    return failed


def write_golden():
    random = numpy.random.default_rng(3)
    x = numpy.round(signal(random, 250, 1.2), 3)
    filters = []
    for case in CASES:
        rate, low, high, order, notches, new_rate = case
        y = filtered(x, *case)
        filters.append({
            "rate": rate, "low": low, "high": high, "order": order, "notches": notches, "new_rate": new_rate,
            "count": len(y), "every": 7, "values": [float(v) for v in y[::7]],
        })
    source, target = numpy.round(positions(random, 19), 6), numpy.round(positions(random, 5), 6)
    weights = mne.channels.interpolation._make_interpolation_matrix(source, target)
    GOLDEN.parent.mkdir(exist_ok=True)
    with open(GOLDEN, "w") as file:
        json.dump({
            "signal": list(x), "filters": filters,
            "spline": {"from": source.tolist(), "to": target.tolist(), "weights": weights.tolist()},
        }, file, indent=1)
        file.write("\n")
    print(f"{GOLDEN.relative_to(ROOT)}: written")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--oneiro", default=ROOT / ".build/release/oneiro")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if arguments.write:
        write_golden()
    with tempfile.TemporaryDirectory() as folder:
        failed = check_filters(arguments.oneiro, pathlib.Path(folder))
        failed |= check_splines(arguments.oneiro, pathlib.Path(folder))
    sys.exit(failed)


if __name__ == "__main__":
    main()
