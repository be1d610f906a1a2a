"""Fingerprints go to a file and come back as they were; nothing of them stays."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from curation.print_shelf import PrintShelf
from curation.verification import compare, fingerprint
from tests.curation.scenes import scene


def test_a_fingerprint_comes_back_as_it_was(tmp_path):
    with PrintShelf(tmp_path) as shelf:
        shelf.put("a", fingerprint(scene(1)))
        shelf.put("broken", None)
        assert compare(shelf.get("a"), fingerprint(scene(1))).score > 0.99
        assert shelf.get("broken") is None and shelf.missing(["a", "b", "broken"]) == {"b"}
        with pytest.raises(KeyError):
            shelf.get("b")


def test_several_threads_put_without_mixing_anything_up(tmp_path):
    prints = {str(n): fingerprint(scene(n)) for n in range(6)}
    with PrintShelf(tmp_path) as shelf, ThreadPoolExecutor(4) as pool:
        list(pool.map(shelf.put, [*prints] * 20, [*prints.values()] * 20))
        for name, one in prints.items():
            np.testing.assert_array_equal(shelf.get(name).grey, one.grey)


def test_no_file_is_left_behind(tmp_path):
    with PrintShelf(tmp_path) as shelf:
        shelf.put("a", None)
        assert list(tmp_path.iterdir()) == []
