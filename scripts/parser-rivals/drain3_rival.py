"""Runs Drain3 for parser-rivals: CONTENTS SIMILARITY DEPTH SECONDS [MASK...]; its outcome is JSON on standard output."""

import json
import logging
import sys
import time

from drain3 import TemplateMiner
from drain3.masking import MaskingInstruction
from drain3.template_miner_config import TemplateMinerConfig

BLOCK = 1000

contents, similarity, depth, limit, *masks = sys.argv[1:]
logging.disable(logging.CRITICAL)
config = TemplateMinerConfig()
config.drain_sim_th = float(similarity)
config.drain_depth = int(depth)
config.masking_instructions = [MaskingInstruction(mask, "*") for mask in masks]
miner = TemplateMiner(config=config)
with open(contents, encoding="utf-8", newline="\n") as file:
    lines = file.read().split("\n")[:-1]

groups = []
begin = time.perf_counter()
for start in range(0, len(lines), BLOCK):
    for line in lines[start : start + BLOCK]:
        groups.append(miner.add_log_message(line)["cluster_id"])
    if time.perf_counter() - begin > float(limit):
        break
seconds = time.perf_counter() - begin
json.dump({"seconds": seconds, "groups": groups}, sys.stdout)
