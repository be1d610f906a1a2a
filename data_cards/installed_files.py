"""Files that a checkout keeps outside its packages, and a built wheel inside them.

pinned_requirements(ROOT)     the exact versions
page_assets(ROOT)             what the page loads: scripts, styles, icons
page_file(ROOT)               the page itself
"""

from __future__ import annotations

from pathlib import Path

# The folder that holds the packages: the checkout, or site-packages.
ROOT = Path(__file__).parent.parent


def pinned_requirements(root: Path = ROOT) -> str:
    """The text of requirements.txt."""
    of_checkout = root / "requirements.txt"
    of_wheel = root / "data_cards" / "requirements.txt"
    return (of_checkout if of_checkout.is_file() else of_wheel).read_text("utf-8")


def page_assets(root: Path = ROOT) -> Path:
    """The folder of the page's own files."""
    of_checkout = root / "docs" / "assets"
    return of_checkout if of_checkout.is_dir() else root / "space" / "assets"


def page_file() -> Path:
    """The HTML of the page that visitors and annotators open."""
    of_checkout = ROOT / "docs" / "index.html"
    return of_checkout if of_checkout.is_file() else ROOT / "space" / "assets" / "index.html"
