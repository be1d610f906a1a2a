"""Keywords, titles and places in and beside photos, as digiKam, darktable and Lightroom read and
write them."""

import io

import pytest
from PIL import Image

from data_cards.errors import BadPhoto
from space.album.metadata import read_tags, sidecar_of, with_tags
from space.album.preview import preview
from space.album.tags import Tags

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


def test_of_a_raw_and_a_jpeg_of_one_name_each_has_its_own_sidecar(tmp_path):
    (tmp_path / "IMG_1.CR2").write_bytes(b"II*\0")
    photo = picture("IMG_1.JPG", tmp_path)
    (tmp_path / "IMG_1.xmp").write_text(LIGHTROOM)
    assert sidecar_of(tmp_path / "IMG_1.CR2").name == "IMG_1.xmp"
    assert sidecar_of(photo).name == "IMG_1.JPG.xmp"


def test_of_photos_that_share_a_name_none_takes_a_sidecar_that_may_be_the_others(tmp_path):
    (tmp_path / "IMG_1.xmp").write_text(LIGHTROOM)
    one, other = picture("IMG_1.jpg", tmp_path), picture("IMG_1.png", tmp_path)
    assert [sidecar_of(photo).name for photo in (one, other)] == ["IMG_1.jpg.xmp", "IMG_1.png.xmp"]


@pytest.mark.parametrize("name", ["IMG_1.XMP", "IMG_1.jpg.XMP", "IMG_1.jpg.xmp"])
def test_a_sidecar_that_is_there_is_used_however_it_is_written(tmp_path, name):
    (tmp_path / name).write_text(LIGHTROOM)
    assert sidecar_of(picture("IMG_1.jpg", tmp_path)).name == name


def test_a_damaged_sidecar_is_said_and_not_overwritten(tmp_path):
    photo = picture("a.jpg", tmp_path)
    sidecar_of(photo).write_bytes(b"\x00\x01 no xmp")
    with pytest.raises(BadPhoto, match=r"a\.jpg\.xmp"):
        read_tags(photo, sidecar_of(photo))


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
