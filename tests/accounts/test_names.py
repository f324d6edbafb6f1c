"""Finding people by name as it is typed, and sorting them as people do."""

from __future__ import annotations

import pytest

from accounts.actions import update_own_settings
from accounts.models import User, folded
from accounts.people import named
from tests.cast import Cast, make_user


@pytest.fixture
def people(cast: Cast) -> Cast:
    for name in ("Minh Châu Nguyễn", "Siobhán O'Brien", "Đặng Thị Hoa", "Ada Q. Northfield"):
        make_user(cast.root, name)
    return cast


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("nguyen", "Minh Châu Nguyễn"),
        ("NGUYỄN", "Minh Châu Nguyễn"),
        ("minh chau", "Minh Châu Nguyễn"),
        ("nguyen, minh", "Minh Châu Nguyễn"),
        ("obrien", "Siobhán O'Brien"),
        ("O’Brien", "Siobhán O'Brien"),
        ("dang hoa", "Đặng Thị Hoa"),
        ("ada north", "Ada Q. Northfield"),
        ("iobh", "Siobhán O'Brien"),
    ],
)
def test_people_are_found_as_they_are_typed(people: Cast, typed: str, name: str) -> None:
    assert [user.name for user in User.objects.filter(named(typed))] == [name]


@pytest.mark.parametrize("typed", ["'", "%", "_", "ada south", "da north"])
def test_what_is_nobodys_name_finds_nobody(people: Cast, typed: str) -> None:
    assert not User.objects.filter(named(typed)).exists()


def test_a_new_name_is_found_at_once(cast: Cast) -> None:
    actor = cast.actor(cast.student)
    update_own_settings(actor=actor, user=cast.student, fields={"name": "Zoë Ünal"})
    assert User.objects.get(named("zoe unal")) == cast.student


def test_accents_and_case_do_not_matter_for_the_order(cast: Cast) -> None:
    for name in ("A Zulu", "B Álvarez", "C de la Cruz", "D Österberg", "E abel"):
        make_user(cast.root, name, sis_id=f"order-{name}")
    found = User.objects.filter(sis_id__startswith="order").order_by("name_key")
    assert [user.last_name for user in found] == ["abel", "Álvarez", "Cruz", "Österberg", "Zulu"]


def test_what_other_scripts_need_is_kept() -> None:
    assert folded("हिन्दी नाम") == "हिन्दी नाम".replace("\u094d", "")
    assert folded("李 小龍") == "李 小龍"
