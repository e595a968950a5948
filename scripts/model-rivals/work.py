"""The work that every engine is given, as `speed` of deeplog-lstm has it, and the loop that measures it."""

import json
import os
import sys
import time

import numpy

BATCH = 2048
BATCHES = 4
HISTORY = 10
LAYERS = 2


def arguments():
    """TASK KEYS HIDDEN SECONDS; the begin and the end symbol share one code beside the keys."""
    task, keys, hidden, seconds = sys.argv[1:]
    return task, int(keys) + 1, int(hidden), float(seconds)


def threads():
    return int(os.environ["OMP_NUM_THREADS"])


def batches(symbols):
    """Random windows: histories, time first, and targets."""
    random = numpy.random.default_rng(0)
    return [
        (random.integers(0, symbols, (HISTORY, BATCH)), random.integers(0, symbols, (BATCH, 1)))
        for _ in range(BATCHES)
    ]


def serve(seconds, batches, run):
    """One measurement for each line of standard input, of whole batches and at least so many seconds."""
    place = 0
    for _ in sys.stdin:
        begin, windows = time.perf_counter(), 0
        while time.perf_counter() - begin < seconds:
            run(*batches[place % len(batches)])
            place += 1
            windows += BATCH
        print(json.dumps({"rate": windows / (time.perf_counter() - begin)}), flush=True)
