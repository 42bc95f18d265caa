"""FastAPI and scikit-learn, as most hand-written servers are. MODEL is the pickled model."""
import os
import pickle

import fastapi
import numpy as np
import pydantic

with open(os.environ["MODEL"], "rb") as file:
    model = pickle.load(file)
app = fastapi.FastAPI()


class Request(pydantic.BaseModel):
    instances: list[list[float]]


@app.post("/predict")
async def predict(request: Request) -> dict[str, list[float]]:
    return {"predictions": model.predict_proba(np.array(request.instances))[:, 1].tolist()}
