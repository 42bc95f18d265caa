"""A model of MLServer: scikit-learn's by MODEL, or an ONNX file where MODEL ends so."""
import os
import pickle

import mlserver
from mlserver.codecs import NumpyCodec


class Model(mlserver.MLModel):
    async def load(self):
        path = os.environ["MODEL"]
        if path.endswith(".onnx"):
            import onnxruntime
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            session = onnxruntime.InferenceSession(path, options)
            self.probabilities = lambda rows: session.run(["probabilities"], {"input": rows.astype("float32")})[0]
        else:
            with open(path, "rb") as file:
                self.probabilities = pickle.load(file).predict_proba
        return True

    async def predict(self, payload):
        rows = NumpyCodec.decode_input(payload.inputs[0])
        scores = self.probabilities(rows)[:, 1].astype("float64")
        return mlserver.types.InferenceResponse(model_name=self.name,
                                                outputs=[NumpyCodec.encode_output("probability", scores)])
