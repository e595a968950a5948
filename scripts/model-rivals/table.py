"""The figures of bench.py as Markdown: `table.py FILE` prints the table of a file that bench.py wrote."""

import json
import sys
from pathlib import Path
from statistics import median

HEADINGS = {
    "keys": "---:",
    "units": "---:",
    "work": "---",
    "threads": "---:",
    "PyTorch, windows/s": "---:",
    "ours, windows/s": "---:",
    "ours ÷ PyTorch": "---:",
    "ours ÷ one thread": "---:",
    "ONNX Runtime ÷ PyTorch": "---:",
    "burn's layers ÷ PyTorch": "---:",
    "kFLOP a window": "---:",
    "ours, share of f32 peak": "---:",
}


def line(cells):
    return f"| {' | '.join(map(str, cells))} |"


def ratio(rates, name):
    """To PyTorch: the median of the ratios of each round."""
    if name not in rates:
        return "–"
    return f"{median(own / other for own, other in zip(rates[name], rates['PyTorch'])):.2f}"


def row(found, one_thread):
    """One measurement; `one_thread` holds the rates of the same work on one thread, if that was measured too."""
    rates = found["rates"]
    gain = f"{median(rates['ours']) / median(one_thread):.2f}" if one_thread and found["threads"] > 1 else "–"
    share = median(own * found["flop"] / peak for own, peak in zip(rates["ours"], found["peak"]))
    return line([
        found["keys"], found["hidden"], {"train": "training", "score": "scoring"}[found["task"]], found["threads"],
        f"{median(rates['PyTorch']):,.0f}", f"{median(rates['ours']):,.0f}",
        f"**{ratio(rates, 'ours')}**", gain, ratio(rates, "ONNX Runtime"), ratio(rates, "burn"),
        f"{found['flop'] / 1000:,.0f}", f"{share:.0%}",
    ])


def rows(measurements):
    def work(found):
        return found["keys"], found["hidden"], found["task"]

    one_thread = {work(found): found["rates"]["ours"] for found in measurements if found["threads"] == 1}
    return [row(found, one_thread.get(work(found))) for found in measurements]


def peaks(measurements):
    """Of each number of threads, over everything measured with it."""
    rates = {}
    for found in measurements:
        rates.setdefault(found["threads"], []).extend(found["peak"])
    return ", ".join(f"{median(rates[threads]) / 1e9:.0f} GFLOP/s on {threads}" for threads in sorted(rates))


def markdown(results):
    measurements, versions = results["measurements"], results["versions"]
    about = (
        f"{results['processor']}; PyTorch {versions['torch']}, ONNX Runtime {versions['onnxruntime']};\n"
        f"{results['layers']} layers, histories of {results['history']}, batches of {results['batch']:,}, all windows "
        f"distinct.\nMeasured f32 peak by number of threads: {peaks(measurements)}."
    )
    return "\n".join([about, "", line(HEADINGS), line(HEADINGS.values()), *rows(measurements)])


if __name__ == "__main__":
    print(markdown(json.loads(Path(sys.argv[1]).read_text())))
