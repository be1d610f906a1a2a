"""What the tests share. No test reaches a network: the Hub is a port of this machine that
refuses connections until the `hub` fixture serves on it, and everything that is cached goes to a
folder that is thrown away.

huggingface_hub reads its environment when it is imported, so this is set before any test module
is.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.fixtures.fake_hub import Hub, reserve

assert "huggingface_hub" not in sys.modules, (
    "huggingface_hub was imported before it was told where the test hub is"
)

LISTENER = reserve()
HOME = Path(tempfile.mkdtemp(prefix="vitrine-tests-"))
ENVIRONMENT = {
    "HF_ENDPOINT": "http://{}:{}".format(*LISTENER.getsockname()),
    "HF_HOME": str(HOME / "huggingface"),
    "HF_HUB_DISABLE_XET": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "XDG_CACHE_HOME": str(HOME / "cache"),
    "MPLBACKEND": "agg",
    "PIP_NO_INDEX": "1",  # nor does a test fetch the 90 MB that stand in for a backbone of the Hub
    "NO_PROXY": "127.0.0.1,localhost",
}
os.environ |= ENVIRONMENT
for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE", "SYSTEM", "SPACE_ID"):
    os.environ.pop(name, None)

# A slow machine is no failure; and a failure is found again, since the examples are the same every
# time.
settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")
settings.register_profile("quick", settings.get_profile("house"), max_examples=30)

# What trains a network, starts programs and whole apps, or looks at many pixels: a tenth of the
# files and most of the time (`pytest --durations=40`). `make quick` leaves them out.
SLOW = frozenset(
    {
        "benchmarks/test_trust.py",
        "curation/decisions/test_erase.py",
        "curation/near_duplicates/test_differences.py",
        "curation/near_duplicates/test_fastdup.py",
        "curation/near_duplicates/test_tiny_images.py",
        "curation/retrain/test_run.py",
        "curation/scan/test_ray_cluster.py",
        "curation/scan/test_run.py",
        "guide/test_story.py",
        "space/agents/test_mcp_tools.py",
        "space/hosting/test_zero_gpu.py",
        "space/test_app.py",
        "space/test_bad_input.py",
        "space/test_deploy.py",
        "space/test_loop.py",
        "space/test_pages.py",
        "train/finetune/test_accuracy.py",
        "train/finetune/test_final_epochs.py",
        "train/finetune/test_fit.py",
        "train/finetune/test_one_shot.py",
        "train/finetune/test_recipe.py",
        "train/finetune/test_refit_head.py",
        "train/finetune/test_teacher.py",
        "train/finetune/test_trainer.py",
        "train/finetune/test_wise_ft.py",
        "train/finetune/test_workers.py",
        "train/inference/test_embeddings.py",
        "train/inference/test_engine.py",
        "train/inference/test_network.py",
        "train/models/test_every_family.py",
        "train/models/test_wheel_weights.py",
        "train/release/test_contents.py",
        "train/release/test_export.py",
        "train/release/test_lifecycle.py",
        "train/release/test_mirror_images.py",
        "train/release/test_small_twin.py",
        "train/test_main.py",
        "train/test_train_model.py",
    }
)
TESTS = Path(__file__).parent


def _is_slow(path: Path) -> bool:
    """Whether SLOW lists this file, or it drives a browser or runs the whole loop."""
    inside = path.relative_to(TESTS)
    return inside.as_posix() in SLOW or inside.parts[:1] in (("browser",), ("pipelines",))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`make quick` need not even import what it leaves out."""
    return True if config.option.markexpr == "not slow" and _is_slow(collection_path) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what is."""
    for item in items:
        if _is_slow(item.path):
            item.add_marker(pytest.mark.slow)


def pytest_unconfigure() -> None:
    """Throw the caches away, and give the port back."""
    LISTENER.close()
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def _serving_hub() -> Hub:
    hub = Hub(LISTENER)
    hub.start()
    return hub


@pytest.fixture
def hub(_serving_hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """An empty test hub that huggingface_hub, datasets and transformers talk to, signed in as
    ann.

    Another process joins with `ENVIRONMENT` of this module, which its own environment holds
    already.
    """
    _serving_hub.reset()
    monkeypatch.setenv("HF_TOKEN", "token-ann")
    yield _serving_hub
    _serving_hub.reset()


@pytest.fixture(scope="session")
def tiny_vit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a pretrained ViT in miniature (random, seeded; 56 pixels); made once, not to
    be changed."""
    from tests.fixtures.tiny_models import write_tiny_vit

    return write_tiny_vit(tmp_path_factory.mktemp("models") / "tiny-vit")


@pytest.fixture(scope="session")
def tiny_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder in miniature that knows lion, rose and ship (see
    tests/fixtures/tiny_models.py); made once, not to be changed."""
    from tests.fixtures.tiny_models import write_tiny_release

    return write_tiny_release(tmp_path_factory.mktemp("models") / "tiny-release")
