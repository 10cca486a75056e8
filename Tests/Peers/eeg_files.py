"""Recordings that other programs write, read by Oneiro: the same numbers, events, rates and units.

    Tests/Peers/run.sh eeg_files.py

pyEDFlib writes EDF, EDF+, BDF and BDF+ (several rates, several annotation signals), pybv BrainVision, NumPy arrays, and
BioSig's save2gdf, where it is installed (Debian: biosig-tools), GDF. What they wrote is also read back by pyEDFlib, MNE or
NumPy, and Oneiro's numbers are held against those. EDF+ with gaps, rows instead of samples in turn, Latin-1 and other byte orders,
which none of them writes, are made here from their files byte by byte.

Samples may differ by TOLERANCE of the channel's physical range: programs compute the same line in different orders.
"""

import argparse
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import warnings

import mne
import numpy
import pybv
import pyedflib

TOLERANCE = 1e-12
ROOT = pathlib.Path(__file__).resolve().parents[2]
mne.set_log_level("ERROR")
warnings.filterwarnings("ignore")


class Oneiro:
    def __init__(self, program):
        self.program = program

    def run(self, *arguments):
        result = subprocess.run([self.program, "eeg", *map(str, arguments)], capture_output=True, text=True)
        if result.returncode != 0:
            raise SystemExit(f"{' '.join(map(str, arguments))}: {result.stderr}")
        return result.stdout

    def info(self, path):
        return json.loads(self.run("info", path, "--json"))

    def samples(self, path, channel, folder):
        out = folder / "samples.npy"
        self.run("export", path, "--channels", channel, "--out", out)
        return numpy.load(out)[0]


failures = 0


def check(what, condition, detail=""):
    global failures
    if not condition:
        failures += 1
    print(f"{'ok  ' if condition else 'FAIL'} {what}{'' if condition or not detail else ': ' + str(detail)}")


def check_samples(oneiro, folder, name, path, expected, info=None):
    """expected: (label, samples, physical range) of each channel."""
    info = info or oneiro.info(path)
    labels = [channel["label"] for channel in info["channels"]]
    check(f"{name}: labels", labels == [label for label, _, _ in expected], labels)
    worst = 0
    for index, (_, samples, physical) in enumerate(expected):
        read = oneiro.samples(path, index, folder)
        if read.shape != samples.shape:
            check(f"{name}: samples of channel {index}", False, f"{read.shape} instead of {samples.shape}")
            return
        worst = max(worst, numpy.abs(read - samples).max() / physical if len(samples) else 0)
    check(f"{name}: samples, largest difference {worst:.1e} of the range", worst <= TOLERANCE)


def check_events(name, info, expected, tolerance=1e-6):
    """expected: (onset, duration, label)."""
    events = [(event["onset_s"], event["duration_s"], event["label"]) for event in info["events"]]
    same = len(events) == len(expected) and all(
        abs(a[0] - b[0]) < tolerance and abs(a[1] - b[1]) < tolerance and a[2] == b[2]
        for a, b in zip(events, sorted(expected, key=lambda event: event[0])))
    check(f"{name}: {len(expected)} events", same, f"{events[:4]} instead of {expected[:4]}")


# EDF and BDF


def write_edf(path, kind, rates, seconds, annotations=(), annotation_signals=1, seed=1):
    random = numpy.random.default_rng(seed)
    writer = pyedflib.EdfWriter(str(path), len(rates), file_type=kind)
    is_bdf = kind in (pyedflib.FILETYPE_BDF, pyedflib.FILETYPE_BDFPLUS)
    bits = 8388607 if is_bdf else 32767
    for index, rate in enumerate(rates):
        limit = 100 * (index + 1) + 0.5
        writer.setSignalHeader(index, dict(
            label=f"C{index}", dimension="uV" if index % 2 == 0 else "mV", sample_frequency=rate, physical_max=limit,
            physical_min=-limit * 0.9, digital_max=bits, digital_min=-bits - 1, transducer="cup", prefilter="HP:0.1Hz"))
    if annotation_signals > 1:
        writer.set_number_of_annotation_signals(annotation_signals)
    signals = [random.uniform(-90, 90, int(rate * seconds)) * (index + 1) for index, rate in enumerate(rates)]
    signals[0][:4] = [-90, 90, -0.001, 0]
    writer.writeSamples(signals)
    for onset, duration, text in annotations:
        writer.writeAnnotation(onset, duration if duration > 0 else -1, text)
    writer.close()


def edf_cases(oneiro, folder):
    annotations = [(0.25 * n, 0.5 if n % 3 == 0 else 0, f"event {n % 5}") for n in range(1, 60)]
    for name, kind in [("EDF", pyedflib.FILETYPE_EDF), ("EDF+", pyedflib.FILETYPE_EDFPLUS),
                       ("BDF", pyedflib.FILETYPE_BDF), ("BDF+", pyedflib.FILETYPE_BDFPLUS)]:
        path = folder / f"{name}.bin"
        plus = name.endswith("+")
        write_edf(path, kind, [256, 128, 512], 20, annotations if plus else (), annotation_signals=3 if plus else 1)
        reader = pyedflib.EdfReader(str(path))
        expected = [
            (reader.getLabel(n), reader.readSignal(n), reader.getPhysicalMaximum(n) - reader.getPhysicalMinimum(n))
            for n in range(reader.signals_in_file)]
        reader.close()
        info = oneiro.info(path)
        check(f"{name}: format", info["format"] == name, info["format"])
        check(f"{name}: rates", [c["sampling_rate_hz"] for c in info["channels"]] == [256, 128, 512])
        check(f"{name}: units", [c["unit"] for c in info["channels"]] == ["uV", "mV", "uV"])
        check_samples(oneiro, folder, name, path, expected, info)
        check_events(name, info, annotations if plus else [])
        if not name.startswith("EDF") or plus:
            raw = (mne.io.read_raw_bdf if name.startswith("BDF") else mne.io.read_raw_edf)(path.rename(
                folder / f"{name}.{'bdf' if name.startswith('BDF') else 'edf'}"), preload=True)
            notes = [(a["onset"], a["duration"], str(a["description"])) for a in raw.annotations]
            check_events(f"{name} beside MNE", info, notes)


def gaps(oneiro, folder):
    """EDF+D from EDF+C: the header's word and the onsets in the records."""
    path = folder / "continuous.edf"
    write_edf(path, pyedflib.FILETYPE_EDFPLUS, [100], 6, [(1.5, 0, "late")])
    data = bytearray(path.read_bytes())
    data[192:197] = b"EDF+D"
    header = int(data[184:192])
    records, signals = int(data[236:244]), int(data[252:256])
    widths = [int(data[256 + 216 * signals + 8 * n:][:8]) * 2 for n in range(signals)]
    record, onsets = sum(widths), [0, 1, 2, 10, 11, 30]
    for number in range(records):
        start = header + number * record + sum(widths[:-1])
        text = bytes(data[start:start + widths[-1]])
        stamp = text[:text.index(b"\x14")]
        new = b"+%d" % onsets[number]
        rest = text[len(stamp):].rstrip(b"\x00") + b"\x00"
        data[start:start + widths[-1]] = (new + rest).ljust(widths[-1], b"\x00")
    path.write_bytes(data)
    info = oneiro.info(path)
    found = [(s["onset_s"], s["start_s"], s["duration_s"]) for s in info["segments"]]
    check("EDF+D: segments", found == [(0, 0, 3), (10, 3, 2), (30, 5, 1)], found)
    check_events("EDF+D", info, [(1.5, 0, "late")])


def triggers(oneiro, folder):
    """BioSemi's status channel beside MNE's find_events."""
    path = folder / "status.bdf"
    random = numpy.random.default_rng(3)
    codes = numpy.zeros(2048 * 5)
    for start in range(300, len(codes) - 200, 700):
        codes[start:start + 40] = random.integers(1, 255)
    writer = pyedflib.EdfWriter(str(path), 2, file_type=pyedflib.FILETYPE_BDF)
    for index, (label, unit) in enumerate([("Fz", "uV"), ("Status", "Boolean")]):
        writer.setSignalHeader(index, dict(
            label=label, dimension=unit, sample_frequency=2048, physical_max=8388607, physical_min=-8388608,
            digital_max=8388607, digital_min=-8388608, transducer="", prefilter=""))
    writer.writeSamples([random.normal(0, 20, len(codes)), codes])
    writer.close()
    raw = mne.io.read_raw_bdf(path, preload=True)
    events = mne.find_events(raw, stim_channel="Status", initial_event=True)
    expected = [(onset / 2048, 40 / 2048, str(code)) for onset, _, code in events]
    check_events("BDF status beside MNE", oneiro.info(path), expected)


# GDF


def gdf(oneiro, folder):
    if not shutil.which("save2gdf"):
        return print("     GDF: no save2gdf (Debian: biosig-tools), left out")
    source, path = folder / "source.edf", folder / "converted.gdf"
    write_edf(source, pyedflib.FILETYPE_EDFPLUS, [256, 256], 8, [(1, 0.5, "left"), (3.25, 0, "right")])
    subprocess.run(["save2gdf", "-f=GDF", source, path], check=True, capture_output=True)
    info = oneiro.info(path)
    # MNE refuses GDF with tagged texts, so the numbers are taken out here; records hold all channels in turn.
    data = path.read_bytes()
    count, start = struct.unpack_from("<H", data, 252)[0], 256 * struct.unpack_from("<H", data, 184)[0]
    limits = [[struct.unpack_from("<d", data, 256 + field * count + 8 * n)[0] for field in (104, 112, 120, 128)]
              for n in range(count)]
    widths = [struct.unpack_from("<I", data, 256 + 216 * count + 4 * n)[0] for n in range(count)]
    records = struct.unpack_from("<q", data, 236)[0]
    stored = numpy.frombuffer(data, "<i2", records * sum(widths), start).reshape(records, -1)
    expected, column = [], 0
    for n, (low, high, first, last) in enumerate(limits):
        digital = stored[:, column:column + widths[n]].reshape(-1).astype(float)
        column += widths[n]
        expected.append((f"C{n}", (digital - first) * (high - low) / (last - first) + low, high - low))
    name = f"{info['format']} of BioSig"
    check_samples(oneiro, folder, name, path, expected, info)
    # save2gdf cuts off where it should round: up to one step.
    reader = pyedflib.EdfReader(str(source))
    near = all(numpy.abs(expected[n][1] - reader.readSignal(n)).max() <= 1.001 * expected[n][2] / 65535 for n in range(count))
    reader.close()
    check(f"{name}: near the EDF file that it was", near)
    check_events(name, info, [(1, 0.5, "left"), (3.25, 0, "right")], tolerance=0.01)


# BrainVision


def brainvision(oneiro, folder):
    random = numpy.random.default_rng(5)
    data = random.normal(0, 40e-6, (4, 5000))
    events = numpy.array([[100, 1, 1], [700, 5, 1], [4000, 12, 3]])
    for form, resolution in [("binary_int16", 0.1), ("binary_float32", 1)]:
        name = f"BrainVision {form}"
        pybv.write_brainvision(
            data=data, sfreq=500, ch_names=["Fp1", "Fz", "Oz", "EOG"], fname_base=form, folder_out=str(folder),
            events=events, resolution=resolution, unit="µV", fmt=form)
        path = folder / f"{form}.vhdr"
        raw = mne.io.read_raw_brainvision(path, preload=True)
        expected = [(label, raw.get_data()[n] * 1e6, 200.0) for n, label in enumerate(raw.ch_names)]
        info = oneiro.info(path)
        check_samples(oneiro, folder, name, path, expected, info)
        check(f"{name}: unit", {c["unit"] for c in info["channels"]} == {"µV"})
        wanted = [(onset / 500, 0, f"S{code:3d}") for onset, code, _ in events]
        check(f"{name}: markers", [(e["onset_s"], e["label"]) for e in info["events"]]
              == [(onset, label) for onset, _, label in wanted], info["events"])

        # The same as rows, in Latin-1.
        rows = folder / f"{form}-rows.vhdr"
        text = path.read_text(encoding="utf-8").replace("MULTIPLEXED", "VECTORIZED").replace(
            f"{form}.eeg", f"{form}-rows.eeg").replace("Codepage=UTF-8", "Codepage=ANSI")
        rows.write_bytes(text.encode("latin-1", "replace"))
        kind = "<i2" if "int16" in form else "<f4"
        stored = numpy.fromfile(folder / f"{form}.eeg", dtype=kind).reshape(-1, 4)
        stored.T.copy().tofile(folder / f"{form}-rows.eeg")
        check_samples(oneiro, folder, f"{name} as rows", rows, expected)


# Arrays


def arrays(oneiro, folder):
    random = numpy.random.default_rng(6)
    data = random.normal(size=(3, 400))
    expected = [(str(n), data[n], 1.0) for n in range(3)]
    for name, array in [("rows", data), ("columns", numpy.asfortranarray(data)), ("big-endian", data.astype(">f8"))]:
        numpy.save(folder / f"{name}.npy", array)
        check_samples(oneiro, folder, f".npy, {name}", folder / f"{name}.npy", expected)
    numpy.savez(folder / "named.npz", eeg=data, sfreq=250.0)
    check("npz: rate", oneiro.info(folder / "named.npz")["channels"][0]["sampling_rate_hz"] == 250)
    check_samples(oneiro, folder, ".npz", folder / "named.npz", expected)


# The other way round


def synthetic(oneiro, folder):
    """What Oneiro writes, read by the others."""
    for ending in ["edf", "bdf"]:
        path = folder / f"synthetic.{ending}"
        oneiro.run("synth", "--out", path, "--electrodes", "10-20", "--trials", 12)
        reader = pyedflib.EdfReader(str(path))
        expected = [(reader.getLabel(n), reader.readSignal(n), 40.0) for n in range(reader.signals_in_file)]
        onsets, durations, texts = reader.readAnnotations()
        reader.close()
        info = oneiro.info(path)
        check_samples(oneiro, folder, f"synthetic {ending} by pyEDFlib", path, expected, info)
        check_events(f"synthetic {ending}", info, list(zip(onsets, durations, map(str, texts))))
        raw = (mne.io.read_raw_edf if ending == "edf" else mne.io.read_raw_bdf)(path, preload=True)
        check(f"synthetic {ending} by MNE", len(raw.annotations) == 12 and raw.info["sfreq"] == 1000)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--oneiro", default=ROOT / ".build/release/oneiro")
    oneiro = Oneiro(parser.parse_args().oneiro)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for case in (edf_cases, gaps, triggers, gdf, brainvision, arrays, synthetic):
            case(oneiro, folder)
    print(f"{failures} failed" if failures else "all agree")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
