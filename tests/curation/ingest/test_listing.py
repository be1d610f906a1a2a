"""A folder is read to its end whatever lies in it: photos come in, and each other thing is told
with its reason."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.ingest import listing as rules
from curation.ingest import photo_files
from curation.ingest.listing import list_photos, photos_in
from data_cards.errors import BadSource

ANY = b"bytes that nobody decodes here"


def lay_out(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(ANY)
    return folder


def photos(listing):
    return [path.as_posix() for path in listing.photos]


def why(listing):
    return {one.path: one.why for one in listing.left_alone}


def test_photos_of_a_folder_come_before_those_of_the_folders_in_it(tmp_path):
    lay_out(tmp_path, "b/2.jpg", "a/z.jpg", "a/deep/1.jpg", "9.jpg")
    assert photos(list_photos(tmp_path)) == ["9.jpg", "a/z.jpg", "a/deep/1.jpg", "b/2.jpg"]


def test_a_photo_without_an_ending_is_known_by_its_first_bytes(tmp_path):
    (lay_out(tmp_path, "a/README") / "a" / "IMG_1").write_bytes(b"\xff\xd8\xff\xe0 and more")
    found = list_photos(tmp_path)
    assert photos(found) == ["a/IMG_1"] and why(found) == {"a/README": rules.NO_PHOTO}


@pytest.mark.parametrize(
    "name",
    [
        "#recycle",
        "#Recycle",
        "$RECYCLE.BIN",
        "$Recycle.Bin",
        ".Trash-1000",
        ".Trashes",
        "#snapshot",
        "@eaDir",
        "@EADIR",
        "lost+found",
        "System Volume Information",
        ".thumbnails",
        ".ipynb_checkpoints",
        "__MACOSX",
        "@Recycle",
        "@Recently-Snapshot",
        ".@__thumb",
        "@__thumb",
        "FOUND.000",
        "Network Trash Folder",
        "Temporary Items",
        "~snapshot",
        ".Spotlight-V100",
        "Photos Previews.lrdata",
        "@SynoEAStream",
        ".git",
        "__pycache__",
    ],
)
def test_trash_and_folders_of_the_system_are_passed_over(tmp_path, name):
    found = list_photos(lay_out(tmp_path, "mug/1.jpg", f"{name}/mug/1.jpg", f"mug/{name}/2.jpg"))
    assert photos(found) == ["mug/1.jpg"]
    assert why(found) == {f"{name}/": rules.SYSTEM, f"mug/{name}/": rules.SYSTEM}


@pytest.mark.parametrize(
    "name",
    [
        "Thumbs.db",
        "desktop.ini",
        ".DS_Store",
        "._IMG_1.jpg",
        "ehthumbs.db",
        "Icon\r",
        ".Picasa.ini",
    ],
)
def test_files_of_the_system_are_passed_over(tmp_path, name):
    found = list_photos(lay_out(tmp_path, "mug/1.jpg", f"mug/{name}"))
    assert photos(found) == ["mug/1.jpg"] and list(why(found).values()) == [rules.SYSTEM]


@pytest.mark.parametrize(
    "name", ["trash", "recycled", "snapshot", "lost", "found", "temp", "thumbnails", "system"]
)
def test_words_that_may_be_classes_are_not_passed_over(tmp_path, name):
    assert photos(list_photos(lay_out(tmp_path, f"{name}/1.jpg"))) == [f"{name}/1.jpg"]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("drafts", {"drafts/", "a/drafts/"}),
        ("DRAFTS/", {"drafts/", "a/drafts/"}),
        ("a/drafts", {"a/drafts/"}),
        ("./a/*", {"a/1.jpg", "a/drafts/", "a/note.txt"}),
        ("*.jpg", {"1.jpg", "a/1.jpg", "a/drafts/2.jpg", "drafts/3.jpg"}),
        ("?.txt", set()),
        ("d*", {"drafts/", "a/drafts/"}),
        ("[ab]", {"a/"}),
    ],
)
def test_patterns_are_compared_with_names_and_with_paths(tmp_path, pattern, left):
    lay_out(tmp_path, "1.jpg", "a/1.jpg", "a/note.txt", "a/drafts/2.jpg", "drafts/3.jpg")
    found = list_photos(tmp_path, exclude=[pattern])
    assert {path for path, reason in why(found).items() if reason == rules.EXCLUDED} == left
    assert found.unmatched == (() if left else (pattern,))


def test_composed_and_decomposed_letters_are_one_pattern(tmp_path):
    lay_out(tmp_path, "cafe\u0301/1.jpg", "mug/1.jpg")
    assert photos(list_photos(tmp_path, exclude=["caf\u00e9"])) == ["mug/1.jpg"]


@pytest.fixture
def linked(tmp_path):
    """A folder with links to a photo inside and outside, to a folder outside, to nowhere, and in a
    circle."""
    outside = lay_out(tmp_path / "outside", "x.jpg", "folder/y.jpg", "folder/deep/z.jpg")
    root = lay_out(tmp_path / "photos", "a/1.jpg")
    (root / "a" / "out.jpg").symlink_to(outside / "x.jpg")
    (root / "a" / "in.jpg").symlink_to(root / "a" / "1.jpg")
    (root / "b").symlink_to(outside / "folder")
    (root / "a" / "gone.jpg").symlink_to(tmp_path / "nothing.jpg")
    (root / "a" / "no ending").symlink_to(tmp_path / "nothing")
    (root / "circle").symlink_to(root / "circle")
    (root / "a" / "up").symlink_to(root)
    return root


def test_links_are_not_followed_and_each_is_told(linked):
    found = list_photos(linked)
    assert photos(found) == ["a/1.jpg"]
    assert why(found) == {
        "a/out.jpg": rules.LINK,
        "a/in.jpg": rules.LINK,
        "b": rules.LINK,
        "a/up": rules.LINK,
        "a/gone.jpg": rules.NOWHERE,
        "a/no ending": rules.NOWHERE,
        "circle": rules.NOWHERE,
    }


def test_links_are_followed_when_that_is_asked_for_and_each_real_file_comes_once(linked):
    found = list_photos(linked, follow_links=True)
    assert photos(found) == ["a/1.jpg", "a/out.jpg", "b/y.jpg", "b/deep/z.jpg"]
    assert why(found) == {
        "a/in.jpg": rules.TWICE,
        "a/up/": rules.TWICE,
        "a/gone.jpg": rules.NOWHERE,
        "a/no ending": rules.NOWHERE,
        "circle": rules.NOWHERE,
    }


def test_two_links_to_one_file_bring_it_once(tmp_path):
    store = lay_out(tmp_path / "store", "1.jpg")
    root = lay_out(tmp_path / "photos", "x/0.jpg")
    (root / "mug").symlink_to(store)
    (root / "x" / "1.jpg").symlink_to(store / "1.jpg")
    found = list_photos(root, follow_links=True)
    assert photos(found) == ["mug/1.jpg", "x/0.jpg"] and why(found) == {"x/1.jpg": rules.TWICE}


def test_a_link_to_a_folder_around_the_source_does_not_go_in_circles(tmp_path):
    root = lay_out(tmp_path / "around" / "photos", "a/1.jpg")
    lay_out(tmp_path / "around", "beside.jpg")
    (root / "up").symlink_to(tmp_path / "around")
    found = list_photos(root, follow_links=True)
    assert photos(found) == ["a/1.jpg", "up/beside.jpg"] and why(found) == {
        "up/photos/": rules.TWICE
    }


@pytest.mark.parametrize("name", ["pipe", "pipe.jpg"])
@pytest.mark.parametrize("linked", [False, True])
def test_a_named_pipe_is_not_waited_for(tmp_path, name, linked):
    lay_out(tmp_path, "a/1.jpg")
    os.mkfifo(tmp_path / "a" / name)
    if linked:
        (tmp_path / "a" / "link.jpg").symlink_to(tmp_path / "a" / name)
    found = list_photos(tmp_path, follow_links=linked)
    assert photos(found) == ["a/1.jpg"] and why(found)[f"a/{name}"] == rules.SPECIAL


def test_a_socket_and_a_link_to_a_device_are_no_photos(tmp_path, monkeypatch):
    lay_out(tmp_path, "1.jpg")
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    monkeypatch.chdir(tmp_path)  # a socket's path may be a hundred characters long
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.jpg")
        found = list_photos(tmp_path, follow_links=True)
    assert photos(found) == ["1.jpg"]
    assert why(found) == {"s.jpg": rules.SPECIAL, "zero.jpg": rules.SPECIAL}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError, rules.CLOSED),
        (FileNotFoundError, rules.GONE),
        (OSError, rules.CLOSED),
        (NotADirectoryError, rules.CLOSED),
    ],
)
def test_a_folder_that_cannot_be_read_is_told_and_the_others_are_read(tmp_path, error, reason):
    lay_out(tmp_path, "shut/1.jpg", "open/2.jpg")

    def open_folder(path):
        if path.name == "shut":
            raise error(1, "no")
        return os.scandir(path)

    found = list_photos(tmp_path, open_folder=open_folder)
    assert photos(found) == ["open/2.jpg"] and why(found) == {"shut/": reason}


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_file_that_may_not_be_read_is_told(tmp_path):
    (lay_out(tmp_path, "a/1.jpg", "a/closed") / "a" / "closed").chmod(0)
    assert why(list_photos(tmp_path)) == {"a/closed": rules.CLOSED}


def test_a_file_whose_first_bytes_the_disk_does_not_give_is_told(tmp_path, monkeypatch):
    def fails(path):
        if path.name == "bad":
            raise OSError(5, "Input/output error")
        return path.suffix == ".jpg"

    monkeypatch.setattr(rules, "looks_like_photo", fails)
    assert why(list_photos(lay_out(tmp_path, "a/1.jpg", "a/bad"))) == {"a/bad": rules.CLOSED}


def test_a_source_that_may_not_be_opened_gets_a_sentence(tmp_path):
    def open_folder(path):
        raise PermissionError(13, "Permission denied")

    with pytest.raises(BadSource, match="cannot be opened: Permission denied"):
        list_photos(tmp_path, open_folder=open_folder)


def test_an_empty_folder_is_told(tmp_path):
    (lay_out(tmp_path, "a/1.jpg") / "spoon").mkdir()
    assert why(list_photos(tmp_path)) == {"spoon/": rules.EMPTY}


def test_the_source_itself_may_be_a_link_or_hidden(tmp_path):
    lay_out(tmp_path / ".hidden", "a/1.jpg")
    (tmp_path / "link").symlink_to(tmp_path / ".hidden")
    assert (
        photos(list_photos(tmp_path / ".hidden"))
        == photos(list_photos(tmp_path / "link"))
        == ["a/1.jpg"]
    )


def test_very_deep_folders_are_read(tmp_path):
    folder = tmp_path.joinpath(*["d"] * 500)
    folder.mkdir(parents=True)
    (folder / "1.jpg").write_bytes(ANY)
    assert len(list_photos(tmp_path).photos) == 1


NAMES = st.sampled_from(
    ["a", "b.jpg", "c.PNG", "notes.txt", ".hidden", "#recycle", "Thumbs.db", "d e", "\u00e9", "x"]
)
TREES = st.lists(
    st.tuples(st.lists(NAMES, min_size=1, max_size=4), st.sampled_from("fflp")), max_size=12
)


def grow(root, tree):
    """Files, links and pipes where there is room for them; paths of the regular files."""
    root.mkdir()
    made = set()
    for parts, kind in tree:
        path = root.joinpath(*parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if kind == "l":
                path.symlink_to(root / "a")
            elif kind == "p":
                os.mkfifo(path)
            elif not path.exists():
                path.write_bytes(ANY)
                made.add(path)
        except (FileExistsError, NotADirectoryError, OSError):
            continue  # the name is taken by something else
    return {path.resolve() for path in made}


@settings(max_examples=120, deadline=None)
@given(TREES, st.lists(NAMES, max_size=2), st.booleans())
def test_each_regular_file_is_a_photo_or_left_alone_exactly_once(
    tmp_path_factory, tree, exclude, follow
):
    root = tmp_path_factory.mktemp("tree") / "root"
    files = grow(root, tree)
    found = list_photos(root, exclude, follow)
    came = [(root / path).resolve() for path in found.photos]
    assert len(set(came)) == len(came) and set(came) <= files
    left = [root / one.path.rstrip("/") for one in found.left_alone]
    left = [path.resolve() for path in left if not path.is_symlink()]
    for file in files:
        told = (file in came) + sum(file == path or path in file.parents for path in left)
        # What a followed link brings is told under the link's name, and its folder may be passed
        # over besides.
        assert told >= 1 if follow else told == 1


@given(st.lists(st.text(min_size=1, max_size=6), max_size=3))
def test_any_text_may_be_a_pattern(exclude):
    assert isinstance(list_photos(Path(__file__).parent, exclude).unmatched, tuple)


def test_a_folder_stands_for_its_photos_and_a_file_for_itself(tmp_path):
    lay_out(tmp_path, "in/a/1.jpg", "in/#recycle/2.jpg", "in/drafts/3.jpg", "one.jpg")
    (tmp_path / "empty").mkdir()
    found = photos_in(
        [str(tmp_path / "one.jpg"), str(tmp_path / "gone.jpg"), str(tmp_path / "in")], ["drafts"]
    )
    assert [Path(path).relative_to(tmp_path).as_posix() for path in found] == [
        "one.jpg",
        "gone.jpg",
        "in/a/1.jpg",
    ]
    with pytest.raises(BadSource, match="no photos in"):
        list(photos_in([str(tmp_path / "empty")]))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.NEF", "RAW"),
        ("a.cr3", "RAW"),
        ("a.dng", "RAW"),
        ("more.zip", "ARCHIVE"),
        ("more.tar.gz", "ARCHIVE"),
        ("a.jp2", "OTHER_PICTURE"),
        ("a.svg", "OTHER_PICTURE"),
    ],
)
def test_a_file_that_is_nearly_a_photo_says_what_to_do(tmp_path, name, reason):
    found = list_photos(lay_out(tmp_path, "1.jpg", name, "1.jpg.json"))
    expected = getattr(photo_files, reason)
    assert why(found) == {name: expected, "1.jpg.json": rules.NO_PHOTO}


def test_the_moving_part_of_a_live_photo_is_no_clip_of_its_own(tmp_path):
    lay_out(tmp_path, "m/IMG_1.HEIC", "m/IMG_1.MOV", "m/IMG_2.MOV", "m/mug.jpg", "m/mug.mp4")
    found = list_photos(tmp_path, with_clips=True)
    assert photos(found) == ["m/IMG_1.HEIC", "m/IMG_2.MOV", "m/mug.jpg", "m/mug.mp4"]
    assert why(found) == {"m/IMG_1.MOV": rules.LIVE_PART}
