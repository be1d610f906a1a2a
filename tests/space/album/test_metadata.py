"""Keywords, titles and places in and beside photos, as digiKam, darktable and Lightroom read and
write them."""

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from data_cards.errors import BadPhoto
from space.album.metadata import UNREAD, _angle, _degrees, read_tags, sidecar_of, with_tags
from space.album.preview import preview
from space.album.tags import Tags, added, merged

pytest.importorskip("pyexiv2", reason="pip install -r requirements-album.txt")

TAGS = Tags(("Mug", "कप", "a, b"), ("Things|Mug",), "The mug", (-33.8568, 151.2153))
LIGHTROOM = """<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
   xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
   xmlns:lr="http://ns.adobe.com/lightroom/1.0/" xmp:Rating="4" crs:Exposure2012="+0.50">
   <dc:subject><rdf:Bag><rdf:li>holiday</rdf:li></rdf:Bag></dc:subject>
   <lr:hierarchicalSubject><rdf:Bag><rdf:li>Trips|Pune</rdf:li></rdf:Bag></lr:hierarchicalSubject>
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">My trip</rdf:li></rdf:Alt></dc:title>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>"""


def picture(name, folder):
    image = Image.new("RGB", (64, 48), "teal")
    if name.endswith(".heic"):
        import pillow_heif

        pillow_heif.register_heif_opener()
    image.save(folder / name)
    return folder / name


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.heic", "a.tif", "ä ö.JPG"])
def test_what_a_sidecar_says_is_read_back(tmp_path, name):
    photo = picture(name, tmp_path)
    sidecar = sidecar_of(photo)
    assert sidecar.name == f"{name}.xmp"
    sidecar.write_bytes(with_tags(sidecar, TAGS, {"Model": "m@r1", "Label": "mug"}))
    found = read_tags(photo, sidecar)
    assert (found.keywords, found.tree, found.title) == (TAGS.keywords, TAGS.tree, TAGS.title)
    assert found.location == pytest.approx(TAGS.location, abs=1e-6)
    text = sidecar.read_text()
    assert 'vitrine:Model="m@r1"' in text
    assert "Things/Mug" in text


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
def test_what_is_written_into_a_file_is_read_back_and_the_pixels_stay(tmp_path, name):
    photo = picture(name, tmp_path)
    before = Image.open(photo).tobytes()
    photo.write_bytes(with_tags(photo, TAGS, {}))
    assert read_tags(photo, sidecar_of(photo)).keywords == TAGS.keywords
    assert Image.open(photo).tobytes() == before


def test_keywords_are_bags_as_xmp_has_it_and_digikam_reads_it(tmp_path):
    text = with_tags(tmp_path / "new.xmp", TAGS, {}).decode()
    subject = text[text.index("<dc:subject>") : text.index("</dc:subject>")]
    assert "<rdf:Bag>" in subject
    assert "<rdf:Seq>" not in subject
    tree = text[text.index("<digiKam:TagsList>") : text.index("</digiKam:TagsList>")]
    assert "<rdf:Seq>" in tree


def test_what_lightroom_wrote_into_a_sidecar_stays(tmp_path):
    sidecar = tmp_path / "IMG_1.xmp"
    sidecar.write_text(LIGHTROOM)
    photo = picture("IMG_1.jpg", tmp_path)
    assert sidecar_of(photo) == sidecar
    found = read_tags(photo, sidecar)
    assert (found.keywords, found.title) == (("holiday",), "My trip")
    sidecar.write_bytes(
        with_tags(sidecar, Tags((*found.keywords, "Mug"), found.tree, found.title), {})
    )
    text = sidecar.read_text()
    for kept in ('xmp:Rating="4"', 'crs:Exposure2012="+0.50"', "holiday", "Trips|Pune", "My trip"):
        assert kept in text


def test_words_and_place_in_a_photo_itself_are_read(tmp_path):
    import pyexiv2

    photo = picture("a.jpg", tmp_path)
    with pyexiv2.Image(str(photo)) as image:
        image.modify_iptc(
            {
                "Iptc.Application2.Keywords": ["beach", "sun"],
                "Iptc.Application2.ObjectName": "At sea",
            }
        )
        image.modify_exif(
            {
                "Exif.GPSInfo.GPSLatitude": "33/1 51/1 2448/100",
                "Exif.GPSInfo.GPSLatitudeRef": "S",
                "Exif.GPSInfo.GPSLongitude": "151/1 12/1 5508/100",
                "Exif.GPSInfo.GPSLongitudeRef": "E",
            }
        )
    found = read_tags(photo, sidecar_of(photo))
    assert (found.keywords, found.title) == (("beach", "sun"), "At sea")
    assert found.location == pytest.approx((-33.8568, 151.2153), abs=1e-4)


OWNERS = [
    # files of one name; of each photo among them, what its sidecar is called
    ("1.CR2 1.JPG 1.xmp", "1.CR2:1.xmp 1.JPG:1.JPG.xmp"),
    ("1.CR2 1.JPG 1.HEIC", "1.CR2:1.xmp 1.JPG:1.JPG.xmp 1.HEIC:1.HEIC.xmp"),
    ("1.JPG 1.HEIC 1.xmp", "1.JPG:1.JPG.xmp 1.HEIC:1.HEIC.xmp"),
    ("1.JPG 1.MOV 1.AAE 1.JPG.pp3 1.xmp", "1.JPG:1.xmp"),
    ("1.jpg 1.psd 1.xmp", "1.jpg:1.jpg.xmp"),
    ("1.NEF 1.DNG", "1.NEF:1.xmp 1.DNG:1.DNG.xmp"),
    ("1.NEF 1.CR2 1.xmp", "1.NEF:1.NEF.xmp 1.CR2:1.CR2.xmp"),
    ("1.DNG 1.jpg", "1.DNG:1.xmp 1.jpg:1.jpg.xmp"),
    ("1.CR2 1.CR2.xmp 1.xmp", "1.CR2:1.CR2.xmp"),
    ("1[1].jpg 1[1].xmp 1.jpg", "1[1].jpg:1[1].xmp 1.jpg:1.jpg.xmp"),
]


@pytest.mark.parametrize(("files", "sidecars"), OWNERS)
def test_each_photo_of_one_name_has_a_sidecar_of_its_own(tmp_path, files, sidecars):
    for name in files.split():
        (tmp_path / name).write_bytes(b"")
    pairs = [pair.split(":") for pair in sidecars.split()]
    assert [[name, sidecar_of(tmp_path / name).name] for name, _ in pairs] == pairs


@pytest.mark.parametrize("name", ["IMG_1.XMP", "IMG_1.jpg.XMP", "IMG_1.jpg.xmp"])
def test_a_sidecar_that_is_there_is_used_however_it_is_written(tmp_path, name):
    (tmp_path / name).write_text(LIGHTROOM)
    assert sidecar_of(picture("IMG_1.jpg", tmp_path)).name == name


def xmp(inside, attributes=""):
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
        'syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:lr="http://ns.adobe.com/lightroom/1.0/" '
        f"{attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>"
    )


MINE = xmp("<dc:subject><rdf:Bag><rdf:li>K\u00f6ln</rdf:li></rdf:Bag></dc:subject>")
PACKET = '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>'
BOMB = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 10))
DAMAGED = {
    "no XMP": b"\x00\x01 no xmp",
    "empty": b"",
    "cut off": MINE[:-40].encode(),
    "a bare &": MINE.replace("K\u00f6ln", "a & b").encode(),
    "one property twice": MINE.replace(
        "</rdf:RDF>",
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:subject="b"/>'
        "</rdf:RDF>",
    ).encode(),
    "about two photos": MINE.replace('rdf:about=""', 'rdf:about="uuid:1"')
    .replace(
        "</rdf:RDF>",
        '<rdf:Description rdf:about="x" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="3"/>'
        "</rdf:RDF>",
    )
    .encode(),
    "nested": xmp("<d:a>" * 5000 + "</d:a>" * 5000, 'xmlns:d="http://d/"').encode(),
    "UTF-16": MINE.encode("utf-16"),
    "Latin-1": MINE.encode("latin-1"),
    "Latin-1, declared": f'<?xml version="1.0" encoding="ISO-8859-1"?>{MINE}'.encode("latin-1"),
    "another encoding than declared": f"<?xml version='1.0' encoding='koi8-r'?>{MINE}".encode(),
    "an entity bomb": (
        f'{PACKET}<!DOCTYPE x [<!ENTITY e0 "e">{BOMB}]>{xmp("<dc:format>&e9;</dc:format>")}'
    ).encode(),
    "another file": (
        f'{PACKET}<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        f"{xmp('<dc:format>&e;</dc:format>')}"
    ).encode(),
    "dc for something else": xmp("<dc:subject>a</dc:subject>")
    .replace("http://purl.org/dc/elements/1.1/", "http://other/")
    .encode(),
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_a_sidecar_that_is_not_read_as_it_is_is_said_and_not_overwritten(tmp_path, data):
    photo = picture("a.jpg", tmp_path)
    sidecar = sidecar_of(photo)
    sidecar.write_bytes(data)
    with pytest.raises(BadPhoto, match=r"a\.jpg\.xmp"):
        read_tags(photo, sidecar)
    with pytest.raises(BadPhoto, match=r"a\.jpg\.xmp"):
        with_tags(sidecar, TAGS, {})


def test_damaged_xmp_in_a_photo_is_not_written_over(tmp_path):
    photo = picture("a.jpg", tmp_path)
    data = photo.read_bytes()
    packet = b"http://ns.adobe.com/xap/1.0/\0" + MINE[:-40].encode()
    segment = b"\xff\xe1" + (len(packet) + 2).to_bytes(2, "big") + packet
    photo.write_bytes(data[:2] + segment + data[2:])
    with pytest.raises(BadPhoto, match="damaged"):
        with_tags(photo, TAGS, {})


@pytest.mark.parametrize("prefix", ["dc", "lr", "exif", "digiKam", "xmp", "vitrine"])
def test_a_file_that_means_something_else_by_a_prefix_changes_no_other_file(tmp_path, prefix):
    before = with_tags(tmp_path / "new.xmp", TAGS, {"Model": "m"})
    other = tmp_path / "other.xmp"
    other.write_text(
        f'{PACKET}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/'
        f'02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:{prefix}="http://other/" '
        f'{prefix}:subject="a"/></rdf:RDF></x:xmpmeta>'
    )
    with pytest.raises(BadPhoto, match=f"prefix {prefix} for http://other/"):
        read_tags(picture("other.jpg", tmp_path), other)
    assert with_tags(tmp_path / "new.xmp", TAGS, {"Model": "m"}) == before
    rated = tmp_path / "rated.xmp"
    rated.write_text(LIGHTROOM)
    assert 'xmlns:xmp="http://ns.adobe.com/xap/1.0/"' in with_tags(rated, TAGS, {}).decode()


def in_languages(*texts):
    rows = "".join(f'<rdf:li xml:lang="{name}">{text}</rdf:li>' for name, text in texts)
    return xmp(f"<dc:title><rdf:Alt>{rows}</rdf:Alt></dc:title>")


TREE = "<rdf:Bag><rdf:li>Bands|AC/DC</rdf:li></rdf:Bag>"
WRITTEN = {
    "a title in two languages": (
        in_languages(("x-default", "Mine"), ("de-DE", "Meins")),
        ("Mine", "Meins"),
    ),
    "a title in one language": (in_languages(("de-DE", "Meins")), ("Meins",)),
    "a title that looks like two": (
        in_languages(("x-default", 'a, lang="b" c')),
        ('a, lang="b" c',),
    ),
    "a plain title": (xmp("", 'dc:title="Mine"'), ("Mine",)),
    "a title in a bag": (xmp("<dc:title><rdf:Bag><rdf:li>Mine</rdf:li></rdf:Bag></dc:title>"), ()),
    "places in decimals": (
        xmp("", 'exif:GPSLatitude="48.8583" exif:GPSLongitude="2.29"'),
        ('"48.8583"', '"2.29"'),
    ),
    "half a place": (xmp("", 'exif:GPSLatitude="48,30.5N"'), ('"48,30.5N"',)),
    "a place": (
        xmp("", 'exif:GPSLatitude="48,51.123456N" exif:GPSLongitude="2,17.5E"'),
        ('"48,51.123456N"', '"2,17.5E"'),
    ),
    "what a camera wrote": (
        xmp(
            '<exif:Flash rdf:parseType="Resource"><exif:Fired>True</exif:Fired></exif:Flash>',
            'exif:DateTimeOriginal="2020-01" exif:ExposureTime="2/120"',
        ),
        ('exif:DateTimeOriginal="2020-01"', '"2/120"', 'exif:Fired="True"/>'),
    ),
    "a slash in a tag": (
        xmp(f"<lr:hierarchicalSubject>{TREE}</lr:hierarchicalSubject>"),
        ("Bands|AC/DC", "Bands/AC\\DC"),
    ),
    "a plain keyword": (xmp("", 'dc:subject="one, two"'), ("one, two",)),
    "names of our own": (xmp("", 'xmlns:my="http://my/" my:note="keep"'), ('my:note="keep"',)),
    "after a byte order mark": ("\ufeff" + xmp("", 'dc:format="x"'), ('dc:format="x"',)),
    "with Windows' line ends": (MINE.replace("><", ">\r\n<"), ("<rdf:li>K\u00f6ln",)),
}


@pytest.mark.parametrize(("text", "kept"), WRITTEN.values(), ids=WRITTEN)
def test_what_people_wrote_stays_however_they_wrote_it(tmp_path, text, kept):
    photo = picture("a.jpg", tmp_path)
    sidecar = sidecar_of(photo)
    sidecar.write_text(text, newline="")
    now = read_tags(photo, sidecar)
    after = merged(now, None, TAGS)
    sidecar.write_bytes(with_tags(sidecar, after, {}, now))
    written = sidecar.read_text()
    assert [one for one in kept if one not in written] == []
    assert "http://other" not in written
    again = read_tags(photo, sidecar)
    assert {*after.keywords} <= {*again.keywords}
    assert (again.title, again.location) == (after.title, after.location)
    assert merged(again, added(now, None, after), TAGS) == again


def test_another_title_of_ours_leaves_the_translation_that_somebody_added(tmp_path):
    sidecar = tmp_path / "a.xmp"
    sidecar.write_text(in_languages(("x-default", "The mug"), ("de-DE", "Die Tasse")))
    sidecar.write_bytes(with_tags(sidecar, Tags(title="The cup"), {}))
    text = sidecar.read_text()
    assert ("The cup" in text, "Die Tasse" in text, "The mug" in text) == (True, True, False)


def test_our_place_goes_where_somebody_wrote_one_that_we_cannot_read(tmp_path):
    sidecar = tmp_path / "a.xmp"
    sidecar.write_bytes(with_tags(sidecar, TAGS, {}))
    assert b"GPS" in sidecar.read_bytes()
    assert b"GPS" not in with_tags(sidecar, replace(TAGS, location=UNREAD), {})


def test_old_keywords_in_another_encoding_are_read(tmp_path):
    import pyexiv2

    photo = picture("a.jpg", tmp_path)
    with pyexiv2.Image(str(photo)) as image:
        image.modify_exif({"Exif.Image.Artist": "J\u00fcrgen"}, "latin-1")
        image.modify_iptc(
            {
                "Iptc.Application2.Keywords": ["K\u00f6ln", "sun"],
                "Iptc.Application2.ObjectName": "Stra\u00dfe",
            },
            "latin-1",
        )
    found = read_tags(photo, sidecar_of(photo))
    assert (found.keywords, found.title) == (("K\u00f6ln", "sun"), "Stra\u00dfe")


@given(st.floats(-180, 180))
def test_a_place_comes_back_as_it_was_written(value):
    assert _degrees(_angle(round(value, 7), "EW")) == round(value, 7)


def jpeg(side):
    out = io.BytesIO()
    Image.effect_noise((side, side), 90).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def test_the_largest_picture_in_a_raw_file_is_looked_at():
    small, large = jpeg(170), jpeg(400)
    data = b"II*\0" + b"\1" * 300 + small + b"\2" * 50 + large + b"\3" * 5000
    assert Image.open(io.BytesIO(preview(data))).size == (400, 400)
    data = b"II*\0" + large + b"\2" * 50 + small
    assert Image.open(io.BytesIO(preview(data))).size == (400, 400)


@pytest.mark.parametrize("data", [b"", b"II*\0" * 100, b"II*\0" + jpeg(40), b"\xff\xd8\xff" * 50])
def test_a_raw_file_without_a_picture_is_said(data):
    with pytest.raises(BadPhoto):
        preview(data)
