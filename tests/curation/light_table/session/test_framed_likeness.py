"""What looks like what at the table, after people cropped a photo: the part that counts, once a scan
has looked at it."""

import numpy as np
from ulid import ULID

from curation.light_table.session.table import LightTable
from curation.scan.remembered import NothingRemembered
from data_cards.annotations.frame import read_frame
from data_cards.annotations.framed_photos import framed_name
from data_cards.annotations.journal import Journal
from tests.fixtures.light_table import small_dataset

FRAME = "0,0,0.5,0.5,90"


class Rows(NothingRemembered):
    """Rows by name, as the features of a scan are kept."""

    def __init__(self, rows):
        self.rows = rows

    def embeddings(self, ids):
        here = [name for name in ids if name in self.rows]
        return here, np.array([[self.rows[name]] for name in here], np.float16)


def test_the_part_that_counts_is_compared_and_the_whole_photo_until_a_scan_saw_it(tmp_path):
    data = small_dataset(tmp_path / "set", 4)
    first, *others = ids = list(data.photos())
    seen = Rows({name: n for n, name in enumerate(ids[:3])})
    table = LightTable(data, Journal(tmp_path / "journal"), remembered=seen)
    assert table.embeddings(ids)[0] == ids[:3], "one that nobody looked at is left out"
    move = {"id": str(ULID()), "do": "frame", "image_id": first, "frame": FRAME}
    assert table.act("ann", [[move]])["outcomes"][0]["ok"]
    here, x = table.embeddings(ids)
    assert here == ids[:3] and x[:, 0].tolist() == [0, 1, 2]
    seen.rows[framed_name(first, read_frame(FRAME))] = 9
    here, x = table.embeddings([others[0], first])
    assert here == [others[0], first] and x[:, 0].tolist() == [1, 9]
