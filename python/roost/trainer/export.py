"""Models of other libraries as ONNX, each with the sample of its own predictions."""
import pathlib
import tempfile

from .work import ContractError

OPSET = 17  # that all exporters write


def save_sklearn(trainer, model, sample_rows):
    import skl2onnx
    from skl2onnx.common import data_types

    types = {"number": data_types.FloatTensorType, "time": data_types.Int64TensorType,
             "text": data_types.StringTensorType}
    others = [name for name, kind in trainer.kinds.items() if kind not in types]
    if others:
        raise ContractError(f"lists have no place in scikit-learn's ONNX: {', '.join(others)}")
    inputs = [(name, types[trainer.kinds.get(name, "number")]([None, 1])) for name in trainer.columns]
    if trainer.input == "features":
        inputs = [("features", data_types.FloatTensorType([None, len(trainer.columns)]))]
    is_classifier = hasattr(model, "predict_proba")
    options = {id(model): {"zipmap": False}} if is_classifier else None
    converted = skl2onnx.convert_sklearn(model, initial_types=inputs, options=options, target_opset=OPSET)
    rows = trainer.evaluate(sample_rows)[trainer.columns]
    if trainer.input == "features":
        rows = rows.to_numpy(dtype="float32")
    trainer.save_onnx(converted.SerializeToString(), predictions_of(trainer, model, rows))


def predictions_of(trainer, model, rows):
    """What a scikit-learn model predicts, as Roost wants it: the probability of the positive class, of every class in
    Roost's order, or the value."""
    if trainer.task == "binary":
        return model.predict_proba(rows)[:, list(model.classes_).index(1)]
    if trainer.task == "classes":
        if [int(label) for label in model.classes_] != list(range(len(trainer.classes))):
            raise ContractError("the model does not know every class, in order; a class without rows?")
        return model.predict_proba(rows)
    return model.predict(rows)


def save_torch(trainer, module, sample_rows):
    import torch

    example = torch.from_numpy(matrix(trainer, sample_rows))
    module = module.eval()
    with torch.no_grad():
        predictions = module(example).numpy()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.onnx"
        torch.onnx.export(module, (example,), str(path), input_names=["features"], output_names=["score"],
                          dynamic_axes={"features": {0: "rows"}, "score": {0: "rows"}}, opset_version=OPSET)
        trainer.save_onnx(path.read_bytes(), predictions)


def save_keras(trainer, model, sample_rows):
    import keras

    inputs = matrix(trainer, sample_rows)
    signature = [keras.InputSpec(shape=(None, inputs.shape[1]), dtype="float32", name="features")]
    predictions = model.predict(inputs, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.onnx"
        model.export(path, format="onnx", verbose=False, input_signature=signature, opset_version=OPSET)
        trainer.save_onnx(path.read_bytes(), predictions)


def matrix(trainer, rows):
    """The first rows to measure on, for a network, whose ONNX model has one input."""
    if trainer.input != "features":
        raise ContractError("a network takes one matrix: it needs `input: features` in roost.yaml")
    return trainer.evaluate_arrays(rows)[0]
