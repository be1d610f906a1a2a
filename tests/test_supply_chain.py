"""What is installed is what was checked, its licences are told, and nothing of strangers is
unpickled."""

from __future__ import annotations

import ast
import json
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHAIN = runpy.run_path(str(ROOT / ".ci" / "supply_chain.py"))
PINS = dict(CHAIN["pins"]())
FLOORS = ("data_cards", "train", "curation", "space")
UNPICKLES = frozenset(
    ("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "shelve", "marshal", "jsonpickle")
)


def _folded(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_pin_is_locked_with_hashes() -> None:
    locked = {_folded(name): version for name, version in PINS.items()}
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    pins = [re.match(r"([\w.-]+)(?:\[.*\])?==([\w.]+)", line) for line in lines]
    found = [pin for pin in pins if pin]
    assert len(found) > 20
    for pin in found:
        assert locked[_folded(pin[1])] == pin[2], f"{pin[1]}: run `make lock`"
    blocks = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / "requirements.lock").read_text("utf-8"))
    assert all("--hash=sha256:" in block for block in blocks if "==" in block.split("\n")[0])


def test_the_licence_of_everything_is_in_the_notice() -> None:
    notice = (ROOT / "NOTICE").read_text("utf-8")
    assert [name for name, version in PINS.items() if f"    {name} {version}: " not in notice] == []
    assert [line for line in notice.splitlines() if line.endswith((": unknown", ": "))] == []
    assert "see the package" not in notice and "see its page" not in notice


def test_a_licence_that_nobody_knows_is_not_made_up() -> None:
    assert CHAIN["licence_of"]("no-such-package-anywhere") == "unknown"


def test_the_list_of_a_release_names_everything_with_its_hashes() -> None:
    told = json.loads(CHAIN["sbom"]())
    assert (told["bomFormat"], len(told["components"])) == ("CycloneDX", len(PINS))
    assert all(one["properties"] for one in told["components"])


def modules() -> list[str]:
    return sorted(
        path.relative_to(ROOT).as_posix()
        for floor in FLOORS
        for path in (ROOT / floor).rglob("*.py")
    )


@pytest.mark.parametrize("floor", FLOORS)
def test_nothing_that_a_stranger_may_have_made_is_unpickled(floor: str) -> None:
    for name in modules():
        if not name.startswith(f"{floor}/"):
            continue
        for node in ast.walk(ast.parse((ROOT / name).read_text("utf-8"))):
            if isinstance(node, ast.Import):
                used = {one.name.partition(".")[0] for one in node.names}
            elif isinstance(node, ast.ImportFrom):
                used = {(node.module or "").partition(".")[0]}
            else:
                used = set()
            assert not used & UNPICKLES, name
            if isinstance(node, ast.Call):
                _check_call(node, name)


def _check_call(node: ast.Call, name: str) -> None:
    called = ast.unparse(node.func)
    given = {one.arg: ast.unparse(one.value) for one in node.keywords}
    assert given.get("allow_pickle", "False") == "False", name
    assert given.get("trust_remote_code", "False") == "False", name
    if called in ("torch.load", "joblib.load"):
        assert given.get("weights_only") == "True", f"{name} unpickles: {called}"
    assert called not in ("yaml.load", "yaml.unsafe_load", "yaml.full_load"), name
