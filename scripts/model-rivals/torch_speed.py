"""The model in PyTorch, for bench.py, as fast as its own means make it: one-hot vectors are rows of an identity matrix,
which was never slower than `one_hot`; Adam is the fused one; oneDNN is tried on and off, and the faster one is kept."""

import timeit
import warnings

import torch
from torch import nn
from torch.nn import functional

import work

warnings.simplefilter("ignore")  # of switches for other hardware
task, symbols, hidden, seconds = work.arguments()
torch.set_num_threads(work.threads())
torch.manual_seed(0)
lstm = nn.LSTM(symbols, hidden, work.LAYERS)
output = nn.Linear(hidden, symbols)
one_hot = torch.eye(symbols)
adam = torch.optim.Adam([*lstm.parameters(), *output.parameters()], lr=1e-3, fused=True)


def logits(histories):
    outputs, _ = lstm(functional.embedding(histories, one_hot))
    return output(outputs[-1])


def train(histories, targets):
    adam.zero_grad()
    functional.cross_entropy(logits(histories), targets.squeeze(1)).backward()
    adam.step()


@torch.inference_mode()
def score(histories, targets):
    found = logits(histories)
    own = found.gather(1, targets)
    rank = (found > own).sum(1) + 1
    return rank, (own - found.logsumexp(1, keepdim=True)).exp()


def least_seconds(one_dnn):
    with torch.backends.mkldnn.flags(enabled=one_dnn):
        run(*batches[0])
        return min(timeit.repeat(lambda: run(*batches[1]), repeat=3, number=1))


run = {"train": train, "score": score}[task]
batches = [(torch.from_numpy(histories), torch.from_numpy(targets)) for histories, targets in work.batches(symbols)]
with torch.backends.mkldnn.flags(enabled=min((True, False), key=least_seconds)):
    work.serve(seconds, batches, run)
