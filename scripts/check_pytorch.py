"""The check that scripts/check-pytorch runs: PyTorch and the deeplog binary beside each other."""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

TOLERANCE = 1e-5
HISTORY = 10


class DeepLog(nn.Module):
    """The usual model: the last output of an LSTM, then a linear layer. `width` is the input of the LSTM."""

    def __init__(self, classes, hidden, layers, width, embedding=False):
        super().__init__()
        self.classes, self.width = classes, width
        self.embedding = nn.Embedding(classes, width) if embedding else None
        self.lstm = nn.LSTM(width, hidden, layers, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, histories):
        if self.embedding is not None:
            inputs = self.embedding(histories)
        elif self.width == 1:
            inputs = histories.unsqueeze(-1).to(self.fc.weight.dtype)
        else:
            inputs = nn.functional.one_hot(histories, self.width).to(self.fc.weight.dtype)
        outputs, _ = self.lstm(inputs)
        return self.fc(outputs[:, -1])


def grown(model, factor):
    """The model with larger weights than PyTorch starts with, so that it is sure of something."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(factor)
    return model.eval()


class Binary:
    def __init__(self, path, folder):
        self.path, self.folder = Path(path).resolve(), Path(folder)

    def __call__(self, *args):
        call = [self.path, "--quiet", *map(str, args)]
        return subprocess.run(call, cwd=self.folder, check=True, capture_output=True, text=True).stdout

    def log_probabilities(self, model, histories, names):
        """What a model expects after each history: a key that it does not know makes it name all candidates. The model
        must hold a rule of as many candidates as there are names."""
        lines = [" ".join(names[key] for key in history) + " unheard-of" for history in histories.tolist()]
        (self.folder / "sessions.txt").write_text("".join(f"s{i},{line}\n" for i, line in enumerate(lines)))
        rows = []
        for line in self("detect", "--model", model, "--format", "jsonl", "sessions.txt").splitlines():
            finding = json.loads(line)["findings"][-1]
            found = {str(each["symbol"].get("key") if isinstance(each["symbol"], dict) else each["symbol"]):
                     each["probability"] for each in finding["expected"]}
            rows.append([found[name] for name in names])
        return torch.tensor(rows, dtype=torch.float64).log()


def compare(what, ours, theirs):
    difference = (ours.double() - theirs.double()).abs().max().item()
    verdict = "ok" if difference <= TOLERANCE else "WRONG"
    print(f"{verdict:<6} {difference:.1e}  {what}", flush=True)
    return difference <= TOLERANCE


SHAPES = {
    "one-hot": dict(classes=6, hidden=8, layers=2, width=6),
    "number": dict(classes=6, hidden=8, layers=2, width=1),
    "embedding": dict(classes=6, hidden=8, layers=2, width=3, embedding=True),
    "one-hot of 28 keys, 2 layers of 64": dict(classes=28, hidden=64, layers=2, width=28),
    "number of 28 keys, 2 layers of 64": dict(classes=28, hidden=64, layers=2, width=1),
    "embedding of 500 keys, 3 layers of 33": dict(classes=500, hidden=33, layers=3, width=17, embedding=True),
    "embedding of width 1": dict(classes=40, hidden=16, layers=1, width=1, embedding=True),
    "one-hot of 2 keys, 1 layer of 1": dict(classes=2, hidden=1, layers=1, width=2),
}


def flattened(state):
    """The tensors as views of one storage, as cuDNN leaves them."""
    flat = torch.cat([tensor.flatten() for tensor in state.values()])
    views, start = {}, 0
    for name, tensor in state.items():
        views[name] = flat[start : start + tensor.numel()].view(tensor.shape)
        start += tensor.numel()
    return views


def trained_a_step(model):
    """The model's optimiser after a step: a checkpoint with tensors that are no weights."""
    optimiser = torch.optim.Adam(model.parameters(), lr=0.0)
    model(torch.zeros(1, HISTORY, dtype=torch.int64)).sum().backward()
    optimiser.step()
    return optimiser


def written(model, folder):
    """The same weights in all the files that a user may have, by what they are."""
    state = model.state_dict()
    forms = {
        "torch.save": state,
        "a checkpoint": {"epoch": 3, "state_dict": state, "optimizer": trained_a_step(model).state_dict(), "loss": 0.5},
        "DataParallel": nn.DataParallel(model).state_dict(),
        "DataParallel in a checkpoint": {"model": nn.DataParallel(model).state_dict()},
        "views of one storage": flattened(state),
        "transposed storage": {k: v.t().contiguous().t() if v.dim() == 2 else v for k, v in state.items()},
        "parameters": dict(model.named_parameters()),
    }
    for what, value in forms.items():
        torch.save(value, folder / f"{what}.pt")
    torch.save(state, folder / "before 1.6.pt", _use_new_zipfile_serialization=False)
    torch.save(state, folder / "protocol 4.pt", pickle_protocol=4)
    save_file(state, folder / "save_file.safetensors")
    return [*(f"{what}.pt" for what in [*forms, "before 1.6", "protocol 4"]), "save_file.safetensors"]


def check_imports(binary):
    for what, shape in SHAPES.items():
        model = grown(DeepLog(**shape), 2.0)
        names = [str(number + 1) for number in range(model.classes)]
        histories = torch.randint(model.classes, (200, HISTORY))
        with torch.no_grad():
            logits = model(histories)
        files = written(model, binary.folder) if shape["hidden"] == 8 else ["save_file.safetensors", "torch.save.pt"]
        if shape["hidden"] != 8:
            torch.save(model.state_dict(), binary.folder / "torch.save.pt")
            save_file(model.state_dict(), binary.folder / "save_file.safetensors")
        for file in files:
            binary("import", file, "--out", "model.deeplog", "--top-g", model.classes + 1)
            ours = binary.log_probabilities("model.deeplog", histories, names)
            yield compare(f"import of {what}, {file}", ours, torch.log_softmax(logits.double(), 1))
        binary("export", "--model", "model.deeplog", "--out", "back.safetensors")
        back = DeepLog(**shape).eval()
        back.load_state_dict(load_file(binary.folder / "back.safetensors"))
        with torch.no_grad():
            yield compare(f"there and back of {what}: logits", back(histories), logits)


def check_types(binary):
    for kind in (torch.float16, torch.bfloat16):
        model = grown(DeepLog(**SHAPES["one-hot"]), 2.0).to(kind)
        histories = torch.randint(6, (200, HISTORY))
        save_file(model.state_dict(), binary.folder / "half.safetensors")
        torch.save(model.state_dict(), binary.folder / "half.pt")
        with torch.no_grad():
            expected = torch.log_softmax(model.float()(histories).double(), 1)
        for file in ("half.safetensors", "half.pt"):
            binary("import", file, "--out", "model.deeplog", "--top-g", 7)
            ours = binary.log_probabilities("model.deeplog", histories, list("123456"))
            yield compare(f"import of {kind}, {file}", ours, expected)


def usual_verdict(model, session, candidates):
    """Whether the usual code flags a session of keys counted from 1: short ones are padded with a key that is no class."""
    line = [key - 1 for key in session]
    line += [-1] * (HISTORY + 1 - len(line))
    windows = [line[start : start + HISTORY + 1] for start in range(len(line) - HISTORY)]
    with torch.no_grad():
        logits = model(torch.tensor([window[:-1] for window in windows]))
    best = logits.argsort(1)[:, -candidates:].tolist()
    return any(window[-1] not in row for window, row in zip(windows, best))


def check_verdicts(binary):
    model = grown(DeepLog(**SHAPES["number of 28 keys, 2 layers of 64"]), 2.0)
    draw = random.Random(2)
    # Keys 29 and 30 are of no class. Not among the first ones, which are histories only: there the usual code takes the
    # number in and we take zero.
    sessions = [
        draw.choices(range(1, 29), k=(length := draw.randint(8, 20)))[:HISTORY]
        + draw.choices(range(1, 31), [40] * 28 + [1, 1], k=max(0, length - HISTORY))
        for _ in range(500)
    ]
    (binary.folder / "sessions.txt").write_text("".join(f"s,{' '.join(map(str, keys))}\n" for keys in sessions))
    torch.save(model.state_dict(), binary.folder / "usual.pt")
    binary("import", "usual.pt", "--out", "model.deeplog", "--top-g", 24)
    verdicts = binary("detect", "--model", "model.deeplog", "--format", "jsonl", "sessions.txt").splitlines()
    ours = torch.tensor([json.loads(line)["outcome"] == "anomalous" for line in verdicts])
    theirs = torch.tensor([usual_verdict(model, session, 24) for session in sessions])
    yield compare(f"verdicts on 500 sessions, {int(theirs.sum())} of them flagged by the usual code", ours, theirs)


EXPERIMENT = """
name = "ours"
[data]
kind = "sessions"
file = "train.txt"
[model]
history = {history}
hidden = 20
layers = 2
{input}
[training]
epochs = 5
[detection]
top_g = 100
"""


def check_exports(binary):
    keys = ["open", "read", "write", "close", "17"]
    draw = random.Random(1)
    sessions = (" ".join(draw.choices(keys, k=draw.randint(5, 30))) for _ in range(200))
    (binary.folder / "train.txt").write_text("".join(f"t{i},{keys}\n" for i, keys in enumerate(sessions)))
    for what, settings, width in [("one-hot", "", 6), ("embedding", 'input = "embedding"\nembedding = 4', 4)]:
        (binary.folder / "ours.toml").write_text(EXPERIMENT.format(history=HISTORY, input=settings))
        binary("train", "ours.toml", "--out", "ours.deeplog")
        binary("export", "--model", "ours.deeplog", "--out", "ours.safetensors")
        with safe_open(binary.folder / "ours.safetensors", framework="pt") as file:
            about = json.loads(file.metadata()["deeplog"])
        names = [*about["keys"], "end"]
        assert about["history"] == HISTORY and sorted(about["keys"]) == sorted(keys), about
        model = DeepLog(len(names), 20, 2, width, embedding=what == "embedding").eval()
        model.load_state_dict(load_file(binary.folder / "ours.safetensors"))
        histories = torch.randint(len(keys), (200, HISTORY))
        with torch.no_grad():
            expected = torch.log_softmax(model(histories).double(), 1)
        ours = binary.log_probabilities("ours.deeplog", histories, names)
        yield compare(f"export of ours, {what}", ours, expected)
        torch.save(grown(model, 1.1).state_dict(), binary.folder / "tuned.pt")
        binary("import", "tuned.pt", "--like", "ours.deeplog", "--out", "tuned.deeplog")
        with torch.no_grad():
            expected = torch.log_softmax(model(histories).double(), 1)
        ours = binary.log_probabilities("tuned.deeplog", histories, names)
        yield compare(f"export, training in PyTorch, import, {what}", ours, expected)


def write_fixtures(folder):
    """Small models of each input in both formats, with the logits of some histories; and a hostile one."""
    torch.manual_seed(1)
    folder.mkdir(parents=True, exist_ok=True)
    for what in ("one-hot", "number", "embedding"):
        model = grown(DeepLog(**SHAPES[what]), 2.0)
        histories = torch.randint(6, (20, HISTORY))
        with torch.no_grad():
            logits = model(histories)
        checkpoint = {"epoch": 3, "state_dict": nn.DataParallel(model).state_dict()}
        torch.save(checkpoint if what == "embedding" else model.state_dict(), folder / f"{what}.pt")
        save_file(model.state_dict(), folder / f"{what}.safetensors")
        expected = {"histories": histories.tolist(), "logits": logits.double().tolist()}
        (folder / f"{what}.json").write_text(json.dumps(expected) + "\n")
    one = torch.zeros(1)
    shapes = {"weight_ih": (80_000, 6), "weight_hh": (80_000, 20_000), "bias_ih": (80_000,), "bias_hh": (80_000,)}
    state = {f"lstm.{name}_l0": one.expand(shape) for name, shape in shapes.items()}
    state |= {"fc.weight": one.expand(6, 20_000), "fc.bias": one.expand(6)}
    torch.save(state, folder / "6-gigabytes-of-one-number.pt")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("deeplog")
    parser.add_argument("--fixtures", action="store_true")
    args = parser.parse_args()
    torch.manual_seed(1)
    print(f"PyTorch {torch.__version__}; largest difference of logits or of their log softmax")
    with tempfile.TemporaryDirectory() as folder:
        binary = Binary(args.deeplog, folder)
        results = [*check_imports(binary), *check_types(binary), *check_verdicts(binary), *check_exports(binary)]
    if args.fixtures:
        write_fixtures(Path("tests/pytorch"))
    wrong = results.count(False)
    print(f"{len(results)} comparisons, {wrong} beyond {TOLERANCE}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
