"""Tokens of code are counted, and nothing that only explains it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.code_size import tokens_in, tokens_of

PLAIN = "def double(x):\n    return 2 * x\n"
EXPLAINED = '''"""A module."""


# Twice as much.
def double(x):
    """Two of x."""

    return 2 * x  # of course
'''


def test_comments_docstrings_and_white_space_do_not_count():
    assert tokens_of(EXPLAINED) == tokens_of(PLAIN) == 10


def test_a_text_that_is_used_counts():
    assert tokens_of('x = """a text"""\n') == 3


def test_packing_gains_nothing():
    assert tokens_of("a = 1; b = 2\n") > tokens_of("a = 1\nb = 2\n")


def test_every_file_below_the_folders_is_counted(tmp_path: Path):
    for name in ("one/a.py", "one/inner/b.py", "two/c.py", "one/d.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    assert tokens_in(["one"], tmp_path) == {"one/a.py": 3, "one/inner/b.py": 3}
