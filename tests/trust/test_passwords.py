"""What passwords may be, and what is handed out in their place (ASVS 5.0 V6; docs/asvs.md)."""

from __future__ import annotations

import gzip
import math
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.actions import _PAPER_ALPHABET, check_password, hand_out_passwords
from accounts.models import User
from oauth.actions.qr import make_qr_sign_in
from pairing.codes import ALPHABET, LENGTH
from tests.cast import Cast, make_user


def is_taken(password: str, user: User) -> bool:
    try:
        check_password(password, user)
    except ValidationError:
        return False
    return True


def test_eight_characters_are_enough_and_seven_are_not(cast: Cast) -> None:
    assert is_taken("vbqwkzmx", cast.student)
    assert not is_taken("vbqwkzm", cast.student)


@pytest.mark.parametrize(
    "password",
    [
        "violet harbour",
        "violetharbour",
        "VIOLETHARBOUR",
        "78%$)(/&§!",
        "фиалковая гавань",
        "🦊" * 8,
    ],
)
def test_any_characters_will_do(cast: Cast, password: str) -> None:
    assert is_taken(password, cast.student)


def test_the_3000_most_common_ones_are_refused(cast: Cast) -> None:
    """Of Django's list, whose first are the most common, all that are long enough."""
    file = Path(password_validation.__file__).parent / "common-passwords.txt.gz"
    common = gzip.decompress(file.read_bytes()).decode().split()[:3000]
    assert [word for word in common if is_taken(word, cast.student)] == []


@pytest.mark.parametrize(
    "password",
    ["ada.okafor", "Okafor-Ada1", "northfield", "Northfield2026!", "north-FIELD-99", "Pairing-2026",
     "pairing code 1", "observer123"],
)  # fmt: skip
def test_names_of_the_person_and_the_school_are_no_passwords(cast: Cast, password: str) -> None:
    assert not is_taken(password, cast.student)
    assert is_taken(f"{password} under rain at last", cast.student)


def test_it_is_compared_whole_and_exactly(cast: Cast) -> None:
    password = " Violet harbour, " + "x" * 200 + " Ünïcode ß "
    assert is_taken(password, cast.student)
    client = Client()
    client.force_login(cast.student, backend="accounts.signin.TenantBackend")
    form = {"form": "password", "password": password, "current_password": "correct-horse-battery"}
    assert client.post("/profile/settings", form).status_code == 302
    for typed, status in [(password, 302), (password[:-1], 200), (password.strip(), 200)]:
        answer = Client().post("/login", {"login": cast.student.login_id, "password": typed})
        assert answer.status_code == status


FIELDS = [
    ("/login", None, "current-password"),
    ("/profile/settings", "student", "current-password"),
    ("/profile/settings", "student", "new-password"),
]


@pytest.mark.parametrize(("path", "who", "kind"), FIELDS)
def test_fields_hide_it_and_let_managers_fill_it_in(
    cast: Cast, signed_in: Any, path: str, who: str | None, kind: str
) -> None:
    page = signed_in(getattr(cast, who) if who else None).get(path).content.decode()
    fields = [tag for tag in re.findall(r"<input[^>]*>", page) if f'autocomplete="{kind}"' in tag]
    assert fields
    assert all('type="password"' in tag for tag in fields)
    assert not re.search(r"\son(paste|copy|drop)\s*=", page)


def test_what_is_handed_out_is_random(cast: Cast) -> None:
    """Bits, and that no two are the same or share their beginning."""
    assert 12 * math.log2(len(set(_PAPER_ALPHABET))) > 59
    assert LENGTH * math.log2(len(set(ALPHABET))) >= 50
    people = [make_user(cast.root, f"Newcomer {n}") for n in range(40)]
    User.objects.filter(pk__in=[one.pk for one in people]).update(password="!roster")
    people = list(User.objects.filter(pk__in=[one.pk for one in people]))
    slips = hand_out_passwords(actor=cast.actor(cast.root_admin), users=people)
    drawn = [make_qr_sign_in(actor=cast.actor(cast.student)) for _ in range(40)]
    assert min(map(len, drawn)) >= 22  # of 64 characters: 128 bits
    for texts in (list(slips.values()), [text[-22:] for text in drawn]):
        assert len({text[:6] for text in texts}) == 40
