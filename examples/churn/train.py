#!/usr/bin/env python3
"""Trains who will leave, with scikit-learn, for `roost train` (docs/trainers.md)."""
import numpy
from roost.trainer import Trainer
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder


def make_pipeline(trainer):
    numbers = [name for name in trainer.columns if trainer.kinds[name] == "number"]
    texts = [name for name in trainer.columns if trainer.kinds[name] == "text"]
    columns = ColumnTransformer([
        ("numbers", SimpleImputer(strategy="median"), numbers),
        ("texts", OneHotEncoder(handle_unknown="ignore", min_frequency=20, sparse_output=False), texts),
    ])
    trees = GradientBoostingClassifier(
        n_estimators=trainer.options.get("rounds", 150), max_depth=trainer.options.get("depth", 3),
        learning_rate=trainer.options.get("learning_rate", 0.1), random_state=trainer.seed % 2**32)
    return Pipeline([("columns", columns), ("trees", trees)])


def main():
    trainer = Trainer.open()
    train, evaluate = trainer.train(), trainer.evaluate()
    model = make_pipeline(trainer)
    rounds = model["trees"].n_estimators

    def tell(step, trees, _):
        trainer.progress(step + 1, rounds, trees.train_score_[step])
        return trainer.should_stop  # these trees are quick to make again: there is no checkpoint

    model.fit(train[trainer.columns], train[trainer.target], trees__sample_weight=train[trainer.weight],
              trees__monitor=tell)
    if trainer.should_stop:
        trainer.leave()
    scores = model.predict_proba(evaluate[trainer.columns])[:, 1]
    trainer.metric("auc", roc_auc_score(evaluate[trainer.target], scores, sample_weight=evaluate[trainer.weight]))
    trainer.metric("log_loss", log_loss(evaluate[trainer.target], numpy.clip(scores, 1e-9, 1 - 1e-9)))
    trainer.save_sklearn(model)


if __name__ == "__main__":
    main()
