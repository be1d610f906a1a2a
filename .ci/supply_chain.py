"""What is installed beside our own code: its licences, and a list for those who check releases.

python .ci/supply_chain.py notice      NOTICE, with the licences of what requirements.lock names
python .ci/supply_chain.py sbom        a CycloneDX list of it, as JSON
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
NOTICE = ROOT / "NOTICE"
BEGINNING = "Installed by requirements.txt, and not part of this repository:\n"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
UNKNOWN = "unknown"
LICENCE = "License :: OSI Approved :: "
LONGEST = 120  # letters: some packages put the whole text into the field
# Linux wheels of torch name these for machines with an NVIDIA GPU; elsewhere they are not there.
# Read off pip's own report of their metadata (`pip install --dry-run --no-deps --report`, pip 26).
NVIDIA = "LicenseRef-NVIDIA-Proprietary"
NOT_INSTALLED = {
    "cuda-bindings": "Apache-2.0",
    "cuda-pathfinder": "Apache-2.0",
    "cuda-toolkit": "none stated: it only names packages of NVIDIA's",
    "nvidia-cusparselt-cu13": "NVIDIA Proprietary Software",
    "nvidia-nvtx": "Apache 2.0",
    "triton": "MIT License",
}


def pins() -> list[tuple[str, str]]:
    """(name, version) of everything in the lock."""
    return PIN.findall(LOCK.read_text("utf-8"))


def licence_of(name: str) -> str:
    """What an installed package says of its licence."""
    try:
        said = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return NOT_INSTALLED.get(name) or (NVIDIA if name.startswith("nvidia-") else UNKNOWN)
    classes = [
        one.removeprefix(LICENCE).removeprefix("License :: ")
        for one in said.get_all("Classifier") or []
        if one.startswith("License ::")
    ]
    told = said.get("License-Expression") or ", ".join(classes) or (said.get("License") or "")
    first = told.strip().splitlines()[0] if told.strip() else ""
    return first if 0 < len(first) <= LONGEST else UNKNOWN


def notice() -> str:
    """NOTICE with its last part made anew."""
    ours = NOTICE.read_text("utf-8").partition(BEGINNING)[0].rstrip("\n")
    rows = (f"    {name} {version}: {licence_of(name)}\n" for name, version in pins())
    return f"{ours}\n\n{BEGINNING}\n{''.join(rows)}"


def components() -> Iterator[dict[str, object]]:
    """One entry a package, with the hashes that pip compares."""
    for block in re.split(r"\n(?=[A-Za-z0-9])", LOCK.read_text("utf-8")):
        found = PIN.search(block)
        if found:
            name, version = found.groups()
            yield {
                "type": "library",
                "name": name,
                "version": version,
                "purl": f"pkg:pypi/{name}@{version}",
                "licenses": [{"license": {"name": licence_of(name)}}],
                "properties": [
                    {"name": "pip:sha256", "value": value} for value in HASH.findall(block)
                ],
            }


def sbom() -> str:
    """A CycloneDX 1.6 document."""
    told = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "vitrine"}},
        "components": list(components()),
    }
    return json.dumps(told, indent=1) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["notice"]:
        NOTICE.write_text(notice(), "utf-8")
    elif sys.argv[1:] == ["sbom"]:
        sys.stdout.write(sbom())
    else:
        sys.exit(__doc__)
