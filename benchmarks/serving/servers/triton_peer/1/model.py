"""A dot product in Triton's Python backend. MODEL is the file of coefficients."""
import json
import os

import numpy as np
import triton_python_backend_utils as triton


class TritonPythonModel:
    def initialize(self, _arguments):
        with open(os.environ["MODEL"], encoding="utf-8") as file:
            model = json.load(file)
        self.intercept, self.coefficients = model["intercept"], np.array(model["coefficients"])

    def execute(self, requests):
        return [triton.InferenceResponse([triton.Tensor("probability", self.scores(request))]) for request in requests]

    def scores(self, request):
        rows = triton.get_input_tensor_by_name(request, "input").as_numpy().astype(np.float64)
        return 1 / (1 + np.exp(-(rows @ self.coefficients + self.intercept)))[:, None]
