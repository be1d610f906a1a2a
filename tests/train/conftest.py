"""What the tests of training share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from data_cards.photos.image import encode_jpeg
from tests.fixtures.tiny_models import picture


@pytest.fixture(scope="session")
def exported_release(tiny_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny release with its ONNX export; made once, not to be changed."""
    from train.release.export import export

    folder = tmp_path_factory.mktemp("exported") / "release"
    shutil.copytree(tiny_release, folder)
    export(str(folder), "onnx", [encode_jpeg(picture(1, 50))], cache=folder.parent)
    return folder
