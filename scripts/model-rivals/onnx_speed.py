"""The model in ONNX Runtime, for bench.py: from codes to rank and probability in one graph."""

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import work

_, symbols, hidden, seconds = work.arguments()
random = numpy.random.default_rng(0)
constants, nodes = [], []


def constant(name, values):
    constants.append(numpy_helper.from_array(values, name))
    return name


def weights(name, *shape):
    bound = hidden**-0.5
    return constant(name, random.uniform(-bound, bound, shape).astype(numpy.float32))


def node(operator, inputs, outputs, **attributes):
    nodes.append(helper.make_node(operator, inputs, outputs, **attributes))
    return outputs[-1]


last = node("Gather", [constant("one_hot", numpy.eye(symbols, dtype=numpy.float32)), "histories"], ["vectors"])
for layer in range(work.LAYERS):
    width = hidden if layer else symbols
    parameters = [weights(f"W{layer}", 1, 4 * hidden, width), weights(f"R{layer}", 1, 4 * hidden, hidden)]
    parameters.append(weights(f"B{layer}", 1, 8 * hidden))
    node("LSTM", [last, *parameters], [f"all{layer}", f"final{layer}"], hidden_size=hidden)
    # The axis of directions goes: the second in all outputs, the first in the last one.
    last = node("Squeeze", [f"all{layer}", constant(f"axis{layer}", numpy.array([1]))], [f"outputs{layer}"])
last = node("Squeeze", [f"final{layer}", constant("axis", numpy.array([0]))], ["output"])
logits = node("Gemm", [last, weights("weight", hidden, symbols), weights("bias", symbols)], ["logits"])
own = node("GatherElements", [logits, "targets"], ["own"], axis=1)
above = node("Cast", [node("Greater", [logits, own], ["greater"])], ["above"], to=TensorProto.INT32)
count = node("ReduceSum", [above, constant("symbols", numpy.array([1]))], ["count"], keepdims=0)
node("Add", [count, constant("one", numpy.array(1, dtype=numpy.int32))], ["rank"])
total = node("ReduceLogSumExp", [logits, "symbols"], ["total"])
node("Exp", [node("Sub", [own, total], ["log_probability"])], ["probability"])
graph = helper.make_graph(
    nodes,
    "deeplog",
    [
        helper.make_tensor_value_info("histories", TensorProto.INT64, [work.HISTORY, "n"]),
        helper.make_tensor_value_info("targets", TensorProto.INT64, ["n", 1]),
    ],
    [
        helper.make_tensor_value_info("rank", TensorProto.INT32, ["n"]),
        helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["n", 1]),
    ],
    constants,
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
onnx.checker.check_model(model)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = work.threads()
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
work.serve(
    seconds,
    work.batches(symbols),
    lambda histories, targets: session.run(None, {"histories": histories, "targets": targets}),
)
