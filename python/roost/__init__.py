"""Roost for Python. Trainers: roost.trainer."""

__version__ = "0.1.0"
