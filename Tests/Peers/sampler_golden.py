"""What the schedulers of diffusers make of given noise predictions, for the samplers of Oneiro to be held against.

    Tests/Peers/run.sh sampler_golden.py            compares the golden file with diffusers
    Tests/Peers/run.sh sampler_golden.py --write    writes it anew

A model is not needed: the predictions are random numbers, the same for every run, and so is the fresh noise. Every run
records at which timestep and with which input the model is called, and the sample after every step. SamplerPeerTests
does the same with Oneiro's samplers. Runs in float32, as pipelines do.

The settings are those of Stable Diffusion 1.5's scheduler file; what it does not say is the default of each class.
"""

import argparse
import json
import math
import pathlib
import sys

import numpy
import torch
import diffusers

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "OneiroDreamTests/Golden/samplers.json"
SEED = 15
WIDTH = 4
STEPS = (1, 2, 4, 10, 25)
# As a share of the largest number in a run's samples.
TOLERANCE = 1e-5

CONFIG = dict(
    num_train_timesteps=1000,
    beta_start=0.00085,
    beta_end=0.012,
    beta_schedule="scaled_linear",
    timestep_spacing="leading",
    steps_offset=1,
)
MULTISTEP = dict(algorithm_type="dpmsolver++", solver_order=2, solver_type="midpoint")
# name: (class, settings beside CONFIG, eta)
SAMPLERS = {
    "plms": ("PNDMScheduler", dict(skip_prk_steps=True, set_alpha_to_one=False), 0),
    "ddim": ("DDIMScheduler", dict(clip_sample=False, set_alpha_to_one=False), 0),
    "ddim, eta 1": ("DDIMScheduler", dict(clip_sample=False, set_alpha_to_one=False), 1),
    "euler": ("EulerDiscreteScheduler", {}, 0),
    "euler_ancestral": ("EulerAncestralDiscreteScheduler", {}, 0),
    "dpmpp_2m": ("DPMSolverMultistepScheduler", MULTISTEP, 0),
    "dpmpp_2m_karras": ("DPMSolverMultistepScheduler", dict(use_karras_sigmas=True, **MULTISTEP), 0),
    "unipc": ("UniPCMultistepScheduler", dict(solver_order=2, solver_type="bh2", predict_x0=True), 0),
}


def numbers(values):
    """As short as reads back to the same float32."""
    return [float(numpy.format_float_positional(value, unique=True, trim="0")) for value in numpy.float32(values)]


def run(name, steps, inputs):
    kind, settings, eta = SAMPLERS[name]
    scheduler = getattr(diffusers, kind)(**CONFIG, **settings)
    scheduler.set_timesteps(steps)
    sample = torch.tensor(inputs["start"]).reshape(1, 1, 1, WIDTH) * scheduler.init_noise_sigma
    calls, samples, given = [], [], {"eta": eta} if eta else {}
    for index, timestep in enumerate(scheduler.timesteps):
        assert float(timestep) == int(timestep), f"{name}: timestep {timestep} is no integer"
        scaled = scheduler.scale_model_input(sample, timestep)
        calls.append({"timestep": int(timestep), "input": numbers(scaled.flatten())})
        prediction = torch.tensor(inputs["predictions"][index]).reshape(sample.shape)
        noise = torch.tensor(inputs["noises"][index]).reshape(sample.shape)
        if kind == "EulerAncestralDiscreteScheduler":
            sample = with_noise(scheduler, noise, prediction, timestep, sample)
        else:
            if eta:
                given["variance_noise"] = noise
            sample = scheduler.step(prediction, timestep, sample, **given).prev_sample
        samples.append(numbers(sample.flatten()))
    # The first of PLMS's two calls for its first step only looks ahead.
    return {"sampler": name.split(",")[0], "eta": eta, "steps": steps, "calls": calls, "samples": samples}


def with_noise(scheduler, noise, prediction, timestep, sample):
    """Euler ancestral draws its noise itself, so the drawing is what is replaced."""
    module = sys.modules[type(scheduler).__module__]
    drawing = module.randn_tensor
    module.randn_tensor = lambda shape, **_: noise
    try:
        return scheduler.step(prediction, timestep, sample).prev_sample
    finally:
        module.randn_tensor = drawing


def compute():
    random = numpy.random.default_rng(SEED)
    draw = lambda *shape: random.standard_normal(shape).astype(numpy.float32).round(4)
    calls = max(STEPS) + 1
    inputs = {"start": draw(WIDTH), "predictions": draw(calls, WIDTH), "noises": draw(calls, WIDTH)}
    # PNDMScheduler cannot do a single step.
    runs = [run(name, steps, inputs) for name in SAMPLERS for steps in STEPS if (name, steps) != ("plms", 1)]
    return {
        "made_by": f"Tests/Peers/sampler_golden.py with diffusers {diffusers.__version__}",
        "start": numbers(inputs["start"]),
        "predictions": [numbers(row) for row in inputs["predictions"]],
        "noises": [numbers(row) for row in inputs["noises"]],
        "runs": runs,
    }


def text(value, indent=""):
    """JSON with one line for each list of numbers and for each call."""
    inner = indent + " "
    if isinstance(value, list) and value and isinstance(value[0], (list, dict)):
        return "[\n" + ",\n".join(inner + text(item, inner) for item in value) + "\n" + indent + "]"
    if isinstance(value, dict) and "timestep" not in value:
        return "{\n" + ",\n".join(f'{inner}"{key}": {text(item, inner)}' for key, item in value.items()) + "\n" + indent + "}"
    return json.dumps(value)


def differences(old, new):
    """One line for each run that is not what it was."""
    for key in ("start", "predictions", "noises"):
        if old[key] != new[key]:
            yield f"{key}: other numbers than those of seed {SEED}"
    name = lambda run: f"{run['sampler']}, eta {run['eta']}, {run['steps']} steps"
    known = {name(run): run for run in old["runs"]}
    for run in new["runs"]:
        before = known.pop(name(run), None)
        if before is None:
            yield f"{name(run)}: is not in the file"
            continue
        if [call["timestep"] for call in before["calls"]] != [call["timestep"] for call in run["calls"]]:
            yield f"{name(run)}: other timesteps"
            continue
        largest = numpy.abs(run["samples"]).max()
        worst = max(
            numpy.abs(numpy.subtract(before["samples"], run["samples"])).max(),
            max(numpy.abs(numpy.subtract(a["input"], b["input"])).max() for a, b in zip(before["calls"], run["calls"])),
        )
        if not worst <= TOLERANCE * largest:
            yield f"{name(run)}: differs by {worst:.3g} of {largest:.3g}"
    for rest in known:
        yield f"{rest}: nothing makes it any more"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the golden file anew")
    arguments = parser.parse_args()
    golden = compute()
    if not all(math.isfinite(x) for run in golden["runs"] for sample in run["samples"] for x in sample):
        sys.exit("a sample is not finite")
    if arguments.write:
        GOLDEN.write_text(text(golden) + "\n")
        print(f"{GOLDEN}: {len(golden['runs'])} runs of {len(SAMPLERS)} samplers")
        return
    found = list(differences(json.loads(GOLDEN.read_text()), golden))
    print("\n".join(found) or f"{len(golden['runs'])} runs agree with diffusers {diffusers.__version__}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
