"""What `pip install` brings: the built wheel works away from the checkout, with all its files."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with the unpacked wheel, as pip would put it into site-packages."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("vitrine-*.whl")
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index"]
    target = folder / "site"
    subprocess.run([*install, "--target", str(target), str(wheel)], check=True, capture_output=True)
    return target


def run(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-P", *arguments]
    return subprocess.run(
        command, cwd=installed.parent, env=environment, capture_output=True, text=True, timeout=300
    )


def test_the_console_command_lists_its_commands(installed):
    done = run(installed, str(installed / "bin" / "vitrine"), "--help")
    assert done.returncode == 0, done.stderr
    assert "collect" in done.stdout


def test_photos_are_collected_with_what_the_wheel_brings(installed):
    dataset = installed.parent / "dataset"
    done = run(installed, "-m", "space.console", "collect", "museum:8", str(dataset))
    assert done.returncode == 0, done.stderr
    assert (dataset / "collection" / "card.md").is_file()


def test_every_text_page_and_pin_is_in_the_wheel(installed):
    wanted = """
        from data_cards.installed_files import ROOT, page_assets, page_file, pinned_requirements
        from data_cards.dataset.collection import shipped_collection, shipped_names
        from space.deploy import deployed_files
        files = deployed_files()
        assert str(ROOT) == SITE, ROOT
        assert (page_assets() / "icon.svg").is_file() and (page_assets() / "vendor").is_dir()
        assert page_file().is_file() and "space/assets/index.html" in files
        assert "gradio" in pinned_requirements()
        assert [shipped_collection(name).title for name in shipped_names()]
        assert "space/assets/page.js" in files and "app.py" in files
        import curation.light_table
        assert any(name.endswith("light_table.css") for name in files)
    """
    lines = [f"SITE = {str(installed)!r}", *(line.strip() for line in wanted.splitlines())]
    done = run(installed, "-c", "\n".join(lines))
    assert done.returncode == 0, done.stderr


def test_each_pin_lies_in_the_range_that_the_package_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    ranges = {need.name: need for need in map(Requirement, project["dependencies"])}
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert {pin.name for pin in pins} == set(ranges)
    for pin in pins:
        (version,) = [one.version for one in pin.specifier]
        assert ranges[pin.name].specifier.contains(version)
        assert ranges[pin.name].extras == pin.extras


def test_the_image_copies_all_that_the_wheel_is_made_of():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    wanted = {*wheel["packages"], *wheel["force-include"], "pyproject.toml"}
    wanted |= {project["project"]["readme"], "LICENSE"}
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = {path for line in lines if line.startswith("COPY") for path in line.split()[1:-1]}
    assert copied >= wanted
    assert all((ROOT / path).exists() for path in copied)
    left_out = (ROOT / ".dockerignore").read_text().split()
    assert not copied & set(left_out)
