"""Hosts and proxies' headers that lie: no other tenant, no other address, no link elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client, RequestFactory

from accounts.hosts import address_of
from accounts.models import User
from pairing.mail import _post
from tests.cast import Cast

LIES = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "444",
    "X-Forwarded-For": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;host=evil.example;proto=https",
    "X-Host": "evil.example",
    "X-Original-URL": "/accounts",
    "X-Rewrite-URL": "/accounts",
    "X-HTTP-Method-Override": "DELETE",
}


@pytest.mark.parametrize(
    "host",
    ["evil.example", "testserver.evil.example", "testserver@evil.example", "testserver:80@evil",
     "a b", "testserver\tx", "[::1", "localhost,evil.example", "-", "testserver:port"],
)  # fmt: skip
def test_a_host_that_is_not_ours_is_a_400(cast: Cast, host: str) -> None:
    for path in ("/", "/login", "/api/v1/users/self", "/docs/api"):
        assert Client().get(path, headers={"host": host}).status_code == 400, path


def test_a_full_address_in_the_request_names_no_other_tenant(cast: Cast, rest: Any) -> None:
    answer = rest(cast.student).get("/api/v1/users/self", HTTP_HOST="southfield.localhost")
    assert answer.status_code == 401
    assert rest(cast.student).get("/api/v1/users/self", headers=LIES).status_code == 200


def test_a_dot_at_the_end_names_the_same_tenant(cast: Cast, rest: Any) -> None:
    for host in ("southfield.localhost", "southfield.localhost.", "Southfield.Localhost.:80"):
        assert "Southfield" in Client().get("/login", headers={"host": host}).content.decode()
        answer = rest(cast.student).get("/api/v1/users/self", headers={"host": host})
        assert answer.status_code == 401


def test_headers_of_proxies_that_are_not_there_are_no_matter(cast: Cast, rest: Any) -> None:
    """Neither the tenant nor the address, and links lead to the host that was asked."""
    path = "/api/v1/users/self/observees"
    plain = rest(cast.observer).get(path)
    lied = rest(cast.observer).get(path, headers=LIES)
    assert (lied.status_code, lied["Link"]) == (plain.status_code, plain["Link"])
    assert "evil" not in str(lied.headers)
    # The method is the request's own.
    assert rest(cast.student).post("/api/v1/users/self/observees", headers=LIES).status_code == 400


def test_a_tenants_name_in_a_header_opens_nothing(cast: Cast, signed_in: Any) -> None:
    headers = {"X-Forwarded-Host": "southfield.localhost"}
    page = signed_in(cast.student).get("/profile/settings", headers=headers)
    assert page.status_code == 200
    assert "Southfield" not in page.content.decode()


def test_a_mail_leads_to_the_host_that_was_asked(
    cast: Cast, signed_in: Any, django_capture_on_commit_callbacks: Any
) -> None:
    User.objects.filter(pk=cast.student.pk).update(email="ada@example.org")
    given = {"email": "ada@example.org"}
    with django_capture_on_commit_callbacks(execute=True):
        signed_in(None).post("/password/reset", given, headers=LIES)
    _post.submit(lambda: None).result()
    (sent,) = mail.outbox
    assert "http://testserver/password/reset/" in sent.body
    assert "evil" not in sent.body


def test_guesses_from_made_up_addresses_are_counted_as_one(cast: Cast, signed_in: Any) -> None:
    """X-Forwarded-For counts only as far as proxies of ours are in front: here there is none."""
    statuses = []
    for n in range(8):
        given = {"login": cast.student.login_id, "password": "wrong"}
        headers = {"X-Forwarded-For": f"203.0.113.{n}", "X-Real-IP": f"203.0.113.{n}"}
        page = signed_in(None).post("/login", given, headers=headers)
        statuses.append("too many wrong tries" in page.content.decode())
    assert statuses[-1]


def test_an_address_of_a_socket_for_both_kinds_is_the_plain_one() -> None:
    """So that a school's own networks are known, and no two counts kept."""
    for written, plain in (("::ffff:10.1.2.3", "10.1.2.3"), ("2001:db8::1", "2001:db8::1")):
        assert address_of(RequestFactory().get("/", REMOTE_ADDR=written)) == plain
