"""The environment becomes settings in one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_cards.errors import BadAddress
from space import app
from space.pages import config_text
from space.routes import config_of_app
from space.settings import SpaceSettings, first_model_of, settings_from, state_folder
from train.inference import predictor
from train.inference.micro_batch import SIZES

SPACE = {"VITRINE_MODEL": "hf://ann/paintings", "SYSTEM": "spaces", "SPACE_AUTHOR_NAME": "ann"}


def test_the_owner_of_a_space_and_those_named_are_annotators() -> None:
    settings = settings_from({**SPACE, "VITRINE_ANNOTATORS": "bob, carol,ann"})
    assert settings.annotators == ("ann", "bob", "carol")


@pytest.mark.parametrize(
    ("environ", "real"),
    [
        ({"OAUTH_CLIENT_SECRET": "s", "SYSTEM": "spaces"}, True),
        ({"SYSTEM": "spaces"}, False),
        ({"OAUTH_CLIENT_SECRET": "s"}, False),
        ({"OAUTH_CLIENT_SECRET": "", "SYSTEM": "spaces"}, False),
        ({"OAUTH_CLIENT_SECRET": "s", "SYSTEM": "laptop"}, False),
    ],
)
def test_hugging_face_s_sign_in_is_believed_only_on_a_space_that_has_it(
    environ: dict[str, str], real: bool
) -> None:
    assert settings_from({"VITRINE_MODEL": "m", **environ}).hub_sign_in is real


def test_off_a_space_nobody_becomes_owner_by_a_variable() -> None:
    assert settings_from({"VITRINE_MODEL": "m", "SPACE_AUTHOR_NAME": "eve"}).annotators == ()


def test_the_author_of_a_space_and_those_named_own_it_whatever_the_case() -> None:
    people = {"VITRINE_OWNERS": "Bob", "VITRINE_ANNOTATORS": "eve"}
    settings = settings_from({**SPACE, **people, "OAUTH_CLIENT_SECRET": "s"})
    assert [settings.is_owner(name) for name in ("ann", "Ann", "bob", "eve")] == [
        True,
        True,
        True,
        False,
    ]
    assert settings.annotators == ("ann", "Bob", "eve")


def test_somebody_who_is_called_owner_on_the_hub_owns_nothing() -> None:
    assert not settings_from({**SPACE, "OAUTH_CLIENT_SECRET": "s"}).is_owner("owner")


def test_off_a_space_the_account_owner_and_those_named_own_it() -> None:
    settings = settings_from({"VITRINE_MODEL": "m", "VITRINE_OWNERS": "olga"})
    assert [settings.is_owner(name) for name in ("owner", "olga", "Olga", "ann")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_space_s_disk_is_kept_only_where_a_folder_for_it_is_named() -> None:
    assert settings_from(SPACE).disk_is_kept is False
    assert settings_from({**SPACE, "VITRINE_STATE": "/data"}).disk_is_kept is True
    assert settings_from({"VITRINE_MODEL": "m"}).disk_is_kept is True


def test_origins_are_compared_as_browsers_send_them() -> None:
    assert settings_from(
        {**SPACE, "VITRINE_ORIGINS": "https://ann.github.io/, https://x.org"}
    ).origins == ("https://ann.github.io", "https://x.org")


def test_without_a_model_there_is_nothing_to_serve() -> None:
    with pytest.raises(BadAddress, match="VITRINE_MODEL"):
        settings_from({})


def test_what_is_not_sent_yet_lies_in_the_same_place_after_a_restart() -> None:
    home = Path("/home/ann")
    assert state_folder("museum", "model", home) == Path("museum/.vitrine/space")
    assert state_folder("hf://ann/museum@r1", "m", home) == state_folder(
        "hf://ann/museum", "other", home
    )
    assert state_folder("hf://ann/museum", "m", home) != state_folder(
        "hf://ann-museum/x", "m", home
    )


def test_without_a_dataset_nothing_is_put_into_the_model_s_folder() -> None:
    assert state_folder(None, "model", Path("/home/ann")).is_relative_to("/home/ann")


@pytest.mark.parametrize(
    ("dataset", "model"),
    [
        ("out/dataset", "out/model"),
        ("cups", "cups-model"),
        ("deep/er/cups/", "deep/er/cups-model"),
        ("/data/my cups", "/data/my cups-model"),
        ("hf://ann/cups", "state/model"),
        ("hf://ann/cups@abc", "state/model"),
    ],
)
def test_a_first_model_is_made_beside_its_dataset_or_on_this_machine(
    dataset: str, model: str
) -> None:
    assert Path(first_model_of(dataset, Path("state"))) == Path(model)


def test_the_app_lets_in_enough_visitors_for_a_batch_but_tries_few_photos_at_once() -> None:
    settings = SpaceSettings("m")
    assert settings.at_once >= max(SIZES) and settings.checks_at_once == 2


def test_a_release_that_is_served_is_told_that_several_will_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []

    class Release:
        def expect_company(self) -> None:
            told.append("company")

    monkeypatch.setattr(predictor, "load_predictor", lambda *given: Release())
    assert isinstance(app._load(None, "auto", "m"), Release) and told == ["company"]


def test_faces_are_blurred_only_where_an_owner_wants_it() -> None:
    model = {"VITRINE_MODEL": "hf://ann/vit"}
    assert not settings_from(model).blur_faces
    assert settings_from({**model, "VITRINE_BLUR_FACES": "1"}).blur_faces
    assert "BLUR_FACES" not in config_of_app(True, False, ("twin",))
    assert "BLUR_FACES = true" in config_of_app(False, True, ())
    assert "BLUR_FACES = true" in config_text("https://a.hf.space", (), True)


def test_the_quiz_is_off_unless_somebody_turns_it_on() -> None:
    model = {"VITRINE_MODEL": "model"}
    assert not settings_from(model).quiz and not settings_from({**model, "VITRINE_QUIZ": "0"}).quiz
    assert settings_from({**model, "VITRINE_QUIZ": "1"}).quiz
