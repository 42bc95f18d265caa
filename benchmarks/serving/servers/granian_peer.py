"""granian, orjson and ONNX Runtime, with nothing between: the leanest server in Python. MODEL is the ONNX file."""
import os

import numpy as np
import onnxruntime
import orjson

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["MODEL"], options)


async def app(_scope, protocol):
    rows = np.array(orjson.loads(await protocol())["instances"], np.float32)
    probabilities = np.ascontiguousarray(session.run(["probabilities"], {"input": rows})[0][:, 1])
    protocol.response_bytes(200, [("content-type", "application/json")],
                            orjson.dumps({"predictions": probabilities}, option=orjson.OPT_SERIALIZE_NUMPY))
