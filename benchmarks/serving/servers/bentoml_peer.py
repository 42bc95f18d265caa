"""A service of BentoML over scikit-learn. MODEL is the pickled model."""
import os
import pickle

import bentoml
import numpy as np


@bentoml.service(workers=1, traffic={"timeout": 30})
class Scorer:
    def __init__(self):
        with open(os.environ["MODEL"], "rb") as file:
            self.model = pickle.load(file)

    @bentoml.api
    def predict(self, instances: list[list[float]]) -> list[float]:
        return self.model.predict_proba(np.array(instances))[:, 1].tolist()
