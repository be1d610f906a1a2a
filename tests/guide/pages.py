"""The commands and snippets that README and the guide show."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]
PROGRAMS = ("vitrine", "python", "make", "accelerate", "hf", "pip")
INDENTED = re.compile(r"^ {4}(\S.*)$", re.MULTILINE)
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Shown:
    """`words`: a command as a shell would divide it; `page`: where it stands."""

    page: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {shlex.join(self.words)}"


def commands_in(path: Path) -> list[Shown]:
    """The commands of a page that stand in lines of their own, in order."""
    text = path.read_text()
    lines = [(found.start(), found.group(1)) for found in INDENTED.finditer(text)]
    for block in FENCED.finditer(text):
        lines += [(block.start(2), line) for line in block.group(2).splitlines()]
    page = path.relative_to(ROOT).as_posix()
    divided = [shlex.split(line, comments=True) for _, line in sorted(lines) if _is_command(line)]
    return [Shown(page, tuple(words)) for words in divided if words]


def snippets_in(path: Path, language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return [body for spoken, body in FENCED.findall(path.read_text()) if spoken == language]


def every_command() -> list[Shown]:
    """The commands of README and guide, in the order they are read in."""
    return [shown for page in PAGES if page.name != "commands.md" for shown in commands_in(page)]


def _is_command(line: str) -> bool:
    return line.split(" ", 1)[0] in PROGRAMS
