"""The pages' logic, by node's own test runner: one test here for each file of tests there."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NODE = shutil.which("node") or shutil.which("nodejs")
wanted = pytest.mark.skipif(
    NODE is None,
    reason="There is no node here. Install it (Debian: sudo apt-get install nodejs), version 18.19 or newer.",
)


def node(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run node; colours off, so that a failure can be read."""
    return subprocess.run(
        [str(NODE), *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        timeout=120,
    )


@wanted
@pytest.mark.parametrize("path", sorted(HERE.glob("*.test.mjs")), ids=lambda path: path.name)
def test_the_pages_logic(path):
    done = node("--test", str(path))
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


@wanted
def test_a_failing_test_of_theirs_fails_here(tmp_path):
    broken = tmp_path / "broken.test.mjs"
    broken.write_text(
        'import { test } from "node:test";\ntest("x", () => { throw new Error("no"); });\n'
    )
    assert node("--test", str(broken)).returncode != 0
