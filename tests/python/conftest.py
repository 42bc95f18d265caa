"""The Python package is tested as it lies in the tree."""
import sys

from program import ROOT

sys.path.insert(0, str(ROOT / "python"))
