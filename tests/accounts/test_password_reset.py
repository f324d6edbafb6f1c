"""Password reset: to people of this tenant, told to nobody, good once."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from pairing.mail import _post
from tests.cast import make_user


@pytest.fixture
def ada(cast):
    User.objects.filter(pk=cast.student.pk).update(email="Ada@families.example")
    cast.student.refresh_from_db()
    return cast.student


@pytest.fixture
def ask(client, django_capture_on_commit_callbacks):
    def asked(email):
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post("/password/reset", {"email": email})
        _post.submit(lambda: None).result()
        return response

    return asked


def link_in(message):
    return re.search(r"http://testserver(\S+)", message.body)[1]


def follow(client, link, password="a-new-horse-entirely"):
    """The page behind the link, and what it answers to a password."""
    page = client.get(link)
    if page.status_code != 302:
        return page
    return client.post(page.headers["Location"], {"password1": password})


def test_the_link_sets_a_new_password(ada, ask, client):
    assert ask("ada@FAMILIES.example").headers["Location"] == "/password/reset/sent"
    [message] = mail.outbox
    assert message.to == ["Ada@families.example"]
    assert "ada.okafor" in message.body
    assert follow(client, link_in(message)).headers["Location"] == "/password/reset/done"
    ada.refresh_from_db()
    assert ada.check_password("a-new-horse-entirely")
    assert Event.objects.filter(action="password_changed", subject=ada).exists()


def test_the_link_works_once(ada, ask, client):
    ask("ada@families.example")
    follow(client, link_in(mail.outbox[0]))
    page = follow(client, link_in(mail.outbox[0]), "another-horse-again")
    assert "work any more" in page.content.decode()
    ada.refresh_from_db()
    assert ada.check_password("a-new-horse-entirely")


def test_the_link_ends_after_three_days(ada, ask, client):
    ask("ada@families.example")
    with time_machine.travel(timezone.now() + timedelta(days=3, minutes=5)):
        assert "work any more" in follow(client, link_in(mail.outbox[0])).content.decode()


def test_an_unknown_address_is_answered_the_same_and_gets_no_mail(ada, ask):
    known, unknown = ask("ada@families.example"), ask("nobody@families.example")
    assert unknown.headers["Location"] == known.headers["Location"]
    assert len(mail.outbox) == 1


def test_only_people_of_this_tenant_are_written_to(ada, cast, ask):
    make_user(cast.stranger.root_account, "Ada Okafor", email="ada@families.example")
    ask("ada@families.example")
    assert [link_in(message).split("-")[0] for message in mail.outbox] == [
        link_in(mail.outbox[0]).split("-")[0]
    ]


def test_a_link_of_another_tenant_is_not_followed(ada, ask, client):
    ask("ada@families.example")
    host = {"host": "southfield.localhost"}
    page = client.get(link_in(mail.outbox[0]), headers=host)
    assert "work any more" in page.content.decode()


@pytest.mark.parametrize("state", ["suspended", "deleted"])
def test_who_may_not_sign_in_gets_no_link_and_uses_none(ada, ask, client, state):
    ask("ada@families.example")
    User.objects.filter(pk=ada.pk).update(state=state)
    ask("ada@families.example")
    assert len(mail.outbox) == 1
    assert "work any more" in follow(client, link_in(mail.outbox[0])).content.decode()


def test_everyone_with_the_address_gets_their_own_link(ada, cast, ask):
    make_user(cast.root, "Adam Okafor", email="ada@families.example")
    ask("ada@families.example")
    assert sorted("adam.okafor" in message.body for message in mail.outbox) == [False, True]


def test_a_weak_password_is_not_set(ada, ask, client):
    ask("ada@families.example")
    page = follow(client, link_in(mail.outbox[0]), "ada.okafor")
    assert "too similar" in page.content.decode()


def test_someone_from_a_roster_may_begin_with_it(ada, ask, client):
    until = timezone.now() + timedelta(days=1)
    User.objects.filter(pk=ada.pk).update(password="!none", one_time_password_until=until)
    ask("ada@families.example")
    follow(client, link_in(mail.outbox[0]))
    ada.refresh_from_db()
    assert ada.one_time_password_until is None


def test_asking_too_often_is_refused(ada, ask):
    answers = [ask("ada@families.example").status_code for _ in range(6)]
    assert answers == [302, 302, 302, 302, 302, 429]
    assert len(mail.outbox) == 5


def test_what_opens_the_link_is_in_no_path_and_no_session(ada, ask, client):
    """Paths are in the logs of servers, sessions in the database."""
    ask("ada@families.example")
    link = urlsplit(link_in(mail.outbox[0]))
    assert link.path == "/password/reset/choose"
    [key] = parse_qs(link.query)["key"]
    page = client.get(link.geturl())
    assert key not in page.headers["Location"]
    assert key not in str(dict(client.session))
    cookie = page.cookies["password_key"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 3600)
    done = client.post(page.headers["Location"], {"password1": "a-new-horse-entirely"})
    assert done.cookies["password_key"].value == ""


def test_whoever_is_signed_in_here_is_signed_out_by_anothers_link(ada, ask, client, cast):
    client.force_login(cast.classmate, backend="accounts.signin.TenantBackend")
    ask("ada@families.example")
    assert follow(client, link_in(mail.outbox[0])).status_code == 302
    assert client.get("/profile/settings").status_code == 302
