"""Measures the model beside PyTorch, ONNX Runtime and burn's own layers, for scripts/bench-model."""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from table import markdown
from work import BATCH, HISTORY, LAYERS

HERE = Path(__file__).parent


def size(text):
    keys, hidden = map(int, text.split("x"))
    return keys, hidden


def parsed():
    parser = argparse.ArgumentParser(prog="bench-model", description=__doc__)
    parser.add_argument("--speed", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--peak", required=True, help=argparse.SUPPRESS)
    parser.add_argument("sizes", nargs="*", type=size, metavar="KEYSxHIDDEN", help="default: %(default)s",
                        default=["28x64", "500x64", "5000x64", "28x128", "28x256"])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=9, help="of the first size (default %(default)s)")
    parser.add_argument("--other-rounds", type=int, default=3, help="of the other sizes (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=1.0, help="least of a measurement (default %(default)s)")
    parser.add_argument("--json", type=Path, help="where to write the figures, for table.py")
    arguments = parser.parse_args()
    arguments.sizes = [size(each) if isinstance(each, str) else each for each in arguments.sizes]
    cores = len(os.sched_getaffinity(0))
    if max(arguments.threads) > cores:
        parser.error(f"there are {cores} cores for {max(arguments.threads)} threads, give fewer --threads")
    return arguments


def floating_point_operations(task, keys, hidden):
    """Of one window, in its matrix products. Layer one looks its input up, no layer has a previous output at its first
    step, and training has two products more for each, for the gradients of weights and of inputs."""
    square = 2 * 4 * hidden * hidden
    recurrent = LAYERS * (HISTORY - 1) * square
    between = (LAYERS - 1) * HISTORY * square
    forward = recurrent + between + 2 * hidden * (keys + 1)
    return forward * (3 if task == "train" else 1)


class Engine:
    """A program that measures once for each line that it is sent, on cores of its own choosing: the first ones."""

    def __init__(self, command, threads):
        cores = sorted(os.sched_getaffinity(0))[:threads]
        count = str(threads)
        self.command = list(map(str, command))
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count, "RAYON_NUM_THREADS": count},
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )

    def rate(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"error: {' '.join(self.command)} ended without an answer, run it by hand")
        return json.loads(answer)["rate"]

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def measure(arguments, keys, hidden, task, threads, rounds):
    """The rates of all engines, one a round. They take turns, so that a noisy minute is noisy for all."""
    work = [task, keys, hidden, arguments.seconds]
    commands = {
        "PyTorch": [sys.executable, HERE / "torch_speed.py", *work],
        "ours": [arguments.speed, "ours", *work],
        "burn": [arguments.speed, "burn", *work],
        "peak": [arguments.peak, threads, min(arguments.seconds, 0.3)],
    }
    if task == "score":
        commands["ONNX Runtime"] = [sys.executable, HERE / "onnx_speed.py", *work]
    engines = {name: Engine(command, threads) for name, command in commands.items()}
    rates = {name: [] for name in engines}
    for name, engine in engines.items():
        engine.rate()  # warms up
    for _ in range(rounds):
        for name, engine in engines.items():
            rates[name].append(engine.rate())
    for engine in engines.values():
        engine.end()
    shown = ", ".join(f"{name} {statistics.median(found):.3g}" for name, found in rates.items())
    print(f"{keys} keys, {hidden} units, {task}, {threads} threads: {shown}", file=sys.stderr)
    return rates


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def main():
    arguments = parsed()
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"warning: other programs are running (load {load:.1f}), the figures will be theirs too", file=sys.stderr)
    measurements = []
    for place, (keys, hidden) in enumerate(arguments.sizes):
        rounds = arguments.other_rounds if place else arguments.rounds
        for task in ("train", "score"):
            for threads in arguments.threads:
                rates = measure(arguments, keys, hidden, task, threads, rounds)
                flop = floating_point_operations(task, keys, hidden)
                measurements.append(
                    {"keys": keys, "hidden": hidden, "task": task, "threads": threads,
                     "flop": flop, "peak": rates.pop("peak"), "rates": rates}
                )
    results = {
        "processor": processor(),
        "load_before": load,
        "versions": {name: metadata.version(name) for name in ("torch", "onnxruntime")},
        "batch": BATCH,
        "history": HISTORY,
        "layers": LAYERS,
        "measurements": measurements,
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n")
    print(markdown(results))


main()
