"""How much code there is: tokens of Python, without comments, docstrings and white space.

    python -m benchmarks.code_size [FOLDER ...] [--files 20]

Tokens and not lines, so that nothing is gained by packing. Prints the sum, then each sub-package,
the largest first, and with --files the largest files.
"""

from __future__ import annotations

import argparse
import ast
import io
import tokenize
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

PRODUCT = ("data_cards", "train", "curation", "space")
SPACE = frozenset(
    {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
)


def tokens_of(text: str) -> int:
    """How many tokens of a module do something."""
    docstrings = _docstrings(text)
    return sum(
        token.type not in SPACE and token.start not in docstrings
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
    )


def _docstrings(text: str) -> set[tuple[int, int]]:
    """Where each begins: (line, column)."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    documented = (
        node.body[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None
    )
    return {(one.lineno, one.col_offset) for one in documented}


def tokens_in(folders: Sequence[str], root: Path = Path()) -> Counter[str]:
    """The tokens of each Python file below these folders, by its path."""
    files = (path for folder in folders for path in sorted((root / folder).rglob("*.py")))
    return Counter(
        {path.relative_to(root).as_posix(): tokens_of(path.read_text("utf-8")) for path in files}
    )


def main() -> None:
    """Print the sizes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.code_size")
    parser.add_argument("folders", nargs="*", default=PRODUCT)
    parser.add_argument("--files", type=int, default=0, help="how many of the largest files")
    asked = parser.parse_args()
    sizes = tokens_in(asked.folders)
    parts = Counter[str]()
    for path, size in sizes.items():
        parts["/".join(path.split("/")[:2])] += size
    print(f"{sizes.total():8,} in {len(sizes)} files")
    for path, size in (*parts.most_common(), *sizes.most_common(asked.files)):
        print(f"{size:8,} {path}")


if __name__ == "__main__":
    main()
