"""Helpers for programs that train models for Roost. The contract: docs/trainers.md.

    from roost.trainer import Trainer

    trainer = Trainer.open()
    rows = trainer.train()                      # a pandas DataFrame: the columns, __target, __weight
    model = fit(rows[trainer.columns], rows[trainer.target], seed=trainer.seed)
    trainer.metric("auc", measure(model, trainer.evaluate()))
    trainer.save_sklearn(model)
"""
from .warm import name_map, shrink_perturb
from .work import CHECKPOINTED, ContractError, Parent, Trainer

__all__ = ["CHECKPOINTED", "ContractError", "Parent", "Trainer", "name_map", "shrink_perturb"]
