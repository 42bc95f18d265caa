"""A model of KServe's server, v1, v2 and gRPC. usage: kserve_peer.py MODEL HTTP_PORT GRPC_PORT"""
import pickle
import sys

import kserve
import numpy as np
from kserve import InferOutput, InferResponse
from kserve.protocol.infer_type import InferRequest
from kserve.protocol.rest import server as rest


class Scorer(kserve.Model):
    def __init__(self, path):
        super().__init__("small")
        with open(path, "rb") as file:
            self.model = pickle.load(file)
        self.ready = True

    def predict(self, payload, headers=None, response_headers=None):
        if not isinstance(payload, InferRequest):
            return {"predictions": self.model.predict_proba(np.array(payload["instances"]))[:, 1].tolist()}
        scores = self.model.predict_proba(payload.inputs[0].as_numpy())[:, 1].astype(np.float64)
        output = InferOutput("probability", list(scores.shape), "FP64")
        output.set_data_from_numpy(scores, binary_data=payload.from_grpc)
        return InferResponse(payload.id or "none", "small", [output])


class LoopbackConfig(rest.uvicorn.Config):
    """KServe names every address; this benchmark is nobody's business."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named | {"host": "127.0.0.1"})


rest.uvicorn.Config = LoopbackConfig
path, http_port, grpc_port = sys.argv[1:]
sys.argv = sys.argv[:1]  # the server reads the command line too
kserve.ModelServer(http_port=int(http_port), grpc_port=int(grpc_port), workers=1, enable_grpc=True,
                   access_log_format=None).start([Scorer(path)])
