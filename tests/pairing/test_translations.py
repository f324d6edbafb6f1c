"""Families' pages and mails are complete in Spanish (spec/pages.md "Manners")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django.core import mail
from django.test import Client

from accounts.models import User
from pairing.actions import link
from pairing.mail import _post
from tests.cast import Cast
from tests.pairing.translatable import Message, messages_of

ROOT = Path(__file__).resolve().parent.parent.parent
FAMILIES = [
    "templates/*.html",
    "templates/account/**/*.*",
    "templates/mail/*.txt",
    "templates/pairing/*.html",
    "templates/courses/_courses.html",
    "templates/courses/course_list.html",
    "templates/courses/_invitations.html",
    "templates/accounts/*settings.html",
    "templates/accounts/password_choose.html",
    "templates/accounts/*token*.html",
    "templates/accounts/*device*.html",
    "templates/oauth/_integrations.html",
    "templates/oauth/_paths.html",
    "templates/oauth/auth*.html",
    "templates/oauth/out_of_band.html",
    "accounts/devices.py",
    "templates/oauth/*qr*.html",
    "accounts/forms.py",
    "accounts/signin.py",
    "accounts/views/entrance.py",
    "accounts/views/own_settings.py",
    "accounts/views/own_tokens.py",
    "accounts/views/sessions.py",
    "courses/models.py",
    "courses/people.py",
    "courses/views/own.py",
    "courses/views/people.py",
    "pairing/*.py",
    "pairing/templatetags/*.py",
    "pairing_service/frame.py",
    "oauth/views/integrations.py",
]
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%s")


@pytest.fixture(scope="module")
def spanish() -> Catalog:
    with (ROOT / "locale/es/LC_MESSAGES/django.po").open("rb") as file:
        return read_po(file, locale="es")


def _files() -> Iterator[Path]:
    for pattern in FAMILIES:
        found = sorted(ROOT.glob(pattern))
        assert found, f"nothing is at {pattern}"
        yield from found


def _texts(catalog: Catalog, message: Message) -> list[str]:
    """The translation, in all its plural forms."""
    context, singular, plural = message
    found = catalog.get((singular, plural) if plural else singular, context=context)
    if found is None or found.fuzzy or not found.string:
        return []
    return [found.string] if isinstance(found.string, str) else list(found.string)


def test_no_sentence_of_families_pages_lacks_spanish(spanish: Catalog):
    missing = {
        message[1]
        for path in _files()
        for message in messages_of(path)
        if not all(_texts(spanish, message) or [""])
    }
    assert missing == set()


def test_every_translation_has_the_placeholders_of_its_sentence(spanish: Catalog):
    for message in spanish:
        wanted = message.id if isinstance(message.id, str) else message.id[1]
        given = [message.string] if isinstance(message.string, str) else message.string
        for text in given if message.id else []:
            assert set(_PLACEHOLDER.findall(text)) == set(_PLACEHOLDER.findall(wanted)), wanted


def test_a_visitor_whose_browser_asks_for_spanish_gets_it(cast: Cast):
    page = Client(headers={"accept-language": "es-MX,es;q=0.9"}).get("/register/observer")
    assert '<html lang="es"' in page.content.decode()
    assert "Regístrese como padre, madre u observador" in page.content.decode()


def test_a_person_has_their_own_language(cast: Cast, signed_in: Any):
    User.objects.filter(pk=cast.student.pk).update(locale="es")
    page = signed_in(cast.student).get("/profile/settings").content.decode()
    assert "Vincular con un observador" in page
    assert "Quién me observa" in page


def test_each_is_told_in_their_own_language(cast: Cast, django_capture_on_commit_callbacks: Any):
    User.objects.filter(pk=cast.student.pk).update(email="ada@home.example", locale="es")
    User.objects.filter(pk=cast.observer.pk).update(email="joy@home.example", locale="en")
    people = {user.pk: user for user in User.objects.all()}
    with django_capture_on_commit_callbacks(execute=True):
        link(
            actor=cast.actor(cast.root_admin),
            observer=people[cast.observer.pk],
            student=people[cast.student.pk],
        )
    _post.submit(lambda: None).result()  # the post has one thread, so this is after the mails
    subjects = {message.to[0]: message.subject for message in mail.outbox}
    assert subjects == {
        "ada@home.example": "Joy Okafor le observa ahora",
        "joy@home.example": "You now observe Ada Okafor",
    }
