"""A Python that lacks packages, for programs that must run where less is installed than here."""

from __future__ import annotations

from pathlib import Path

# What a Space does not install, and what only tests and training use.
NOT_ON_A_SPACE = ("accelerate", "cleanlab", "cleanvision", "cv2", "datasets", "evaluate", "fastdup", "hypothesis",
                  "kornia", "matplotlib", "onnx", "onnxscript", "openvino", "pytest", "sklearn", "torch", "trackio",
                  "transformers")
CUSTOMIZE = """
import sys
from importlib.machinery import PathFinder


class Lacking(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in {names!r} else PathFinder.find_spec(name, path, target)


sys.meta_path[:] = [Lacking if finder is PathFinder else finder for finder in sys.meta_path]
"""


def lacking(folder: Path, names: tuple[str, ...] = NOT_ON_A_SPACE) -> str:
    """A PYTHONPATH (made in `folder`) with which Python starts as if `names` were not installed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(CUSTOMIZE.replace("{names!r}", repr(names)))
    return str(folder)
