"""What every answer and every cookie says to the browser, as the service is served over TLS."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.signin import link_to_choose_password
from tests.cast import PASSWORD, Cast
from tests.processes import ROOT, environment

PAGES_POLICY = {
    "default-src": "'none'", "script-src": "'self'", "style-src": "'self'",
    "img-src": "'self' data:", "font-src": "'self'", "connect-src": "'self'",
    "form-action": "'self'", "frame-ancestors": "'none'", "base-uri": "'none'",
    "manifest-src": "'self'",
}  # fmt: skip
API_POLICY = {"default-src": "'none'", "frame-ancestors": "'none'"}

# Who asks for what, and gets which status.
PAGES = [
    (None, "GET", "/login", 200),
    ("student", "GET", "/profile/settings", 200),
    ("student", "POST", "/profile/settings/pair", 200),
    ("student", "POST", "/profile/qr_mobile_login", 200),
    ("root_admin", "POST", "/courses/{biology}/observer_pairing_codes.csv", 200),
    (None, "GET", "/profile/settings", 302),
    ("student", "GET", "/nowhere", 404),
    ("student", "POST", "/accounts/{root}/developer_keys/1/delete", 404),
    ("teacher", "GET", "/courses/{biology}/observer_pairing_codes", 403),
    ("student", "GET", "/profile/sessions/end", 405),
    (None, "GET", "/password/reset/choose?key=1-x", 410),
    (None, "GET", "/password/reset/choose?key=-1", 410),
    ("student", "POST", "/profile/tokens/new", 422),
    (None, "without its token", "/login", 403),
    (None, "in Latin", "/login", 415),
    (None, "guessing too often", "/register/observer/code", 429),
    (None, "GET", "/broken", 500),
    (None, "GET", "/static/css/base.css", 200),
    (None, "GET", "/docs/api", 200),
    (None, "GET", "/docs/api/openapi.json", 200),
]
API = [
    ("student", "GET", "/api/v1/users/self", 200),
    (None, "GET", "/api/v1/users/self", 401),
    ("student", "GET", "/api/v1/nothing", 404),
    (None, "POST", "/login/oauth2/token", 400),
    (None, "GET", "/api/v1/broken", 500),
]
_TELL = """
import json, django
django.setup()
from django.conf import settings
from django.core.checks import run_checks
from accounts.views import password_reset
from pairing import cookies
names = ("SECURE_", "SESSION_COOKIE_", "CSRF_COOKIE_", "LANGUAGE_COOKIE_", "CONTENT_", "X_FRAME_")
told = {name: getattr(settings, name) for name in dir(settings) if name.startswith(names)}
found = [str(one) for one in run_checks(include_deployment_checks=True) if not one.is_silenced()]
print(json.dumps([told, [cookies._CODE, cookies._BROWSER, password_reset._KEY], found]))
"""
PRODUCTION = {
    "DEBUG": "False", "SECRET_KEY": secrets.token_urlsafe(48),
    "ALLOWED_HOSTS": "school.example", "EMAIL_URL": "smtp+tls://mail.example",
}  # fmt: skip


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment(**PRODUCTION | more),
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.fixture(scope="session")
def served() -> tuple[dict[str, Any], list[str], list[str]]:
    """The settings of a process in production, the names of the cookies of our own, and what
    Django's check for deployment finds there."""
    process = run("-c", _TELL)
    assert process.returncode == 0, process.stderr
    told, names, found = json.loads(process.stdout)
    return told, names, found


@pytest.fixture
def in_production(served: Any, settings: Any) -> None:
    for name, value in served[0].items():
        setattr(settings, name, value)


@pytest.fixture
def ask(
    cast: Cast, in_production: None, signed_in: Any, rest: Any, settings: Any
) -> Callable[..., Any]:
    def asked(who: str | None, how: str, path: str, status: int) -> Any:
        user = getattr(cast, who) if who else None
        path = path.format(
            biology=cast.courses.biology.pk, student=cast.student.pk, root=cast.root.pk
        )
        client = rest(user) if path.startswith("/api/") else signed_in(user)
        client.raise_request_exception = False
        client.handler.enforce_csrf_checks = how == "without its token"
        settings.GUESSES_PER_ADDRESS_AND_HOUR = 1
        more = {"content_type": "text/plain; charset=latin-1"} if how == "in Latin" else {}
        given = {"data": {"code": "7Q7Q7-ZZZ9Z"}} if how == "guessing too often" else {}
        for _ in range(2 if given else 1):
            answer = (client.get if how == "GET" else client.post)(
                path, secure=True, **given, **more
            )
        assert answer.status_code == status
        return answer

    return asked


def policy_of(answer: Any) -> dict[str, str]:
    parts = answer["Content-Security-Policy"].split(";")
    return {name: value for name, _, value in (part.strip().partition(" ") for part in parts)}


@pytest.mark.urls("tests.trust.broken_urls")
@pytest.mark.parametrize("asked", [*PAGES, *API], ids=lambda asked: f"{asked[2]} {asked[3]}")
def test_every_kind_of_answer_has_all_headers(ask: Any, asked: Any) -> None:
    answer = ask(*asked)
    assert policy_of(answer) == (PAGES_POLICY if asked in PAGES else API_POLICY)
    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert ("no-store" in answer["Cache-Control"]) == ("/static/" not in asked[2])


def test_without_tls_nothing_is_said_but_where_it_is(in_production: None) -> None:
    answer = Client().get("/login?next=/profile/settings")
    assert (answer.status_code, answer["Location"]) == (
        301, "https://testserver/login?next=/profile/settings",
    )  # fmt: skip
    assert not answer.cookies


def test_every_cookie_is_kept_from_scripts_other_sites_and_wires(
    cast: Cast, in_production: None, served: Any, rf: Any
) -> None:
    client = Client()
    send = {"secure": True}
    client.get("/login", **send)
    client.post("/language", {"language": "es"}, **send)
    client.post("/register/observer/code", {"code": cast.code().shown}, **send)
    client.get(link_to_choose_password(rf.get("/"), cast.student), **send)
    client.post("/login", {"login": "joy.okafor", "password": PASSWORD}, **send)
    assert len(client.cookies) == 6
    for cookie in client.cookies.values():
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
        assert (cookie["path"], cookie["domain"]) == ("/", "")
    settings, names, _ = served
    names += [settings[f"{which}_COOKIE_NAME"] for which in ("SESSION", "CSRF", "LANGUAGE")]
    assert all(name.startswith("__Host-") for name in names)
    assert {name.removeprefix("__Host-") for name in names} == {
        name.removeprefix("__Host-") for name in client.cookies
    }


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("/profile/settings/pair", "student"),
        ("/profile/qr_mobile_login", "student"),
        ("/profile/tokens/new", "student"),
        ("/users/{classmate}/password", "root_admin"),
        ("/courses/{biology}/observer_pairing_codes.csv", "root_admin"),
        ("/api/v1/users/{student}/observer_pairing_codes", "student"),
        ("/api/v1/users/{student}/tokens", "student"),
        ("/api/v1/accounts/{root}/developer_keys", "root_admin"),
    ],
)
def test_what_shows_a_secret_is_kept_by_no_cache(
    cast: Cast, signed_in: Any, rest: Any, path: str, who: str
) -> None:
    path = path.format(
        biology=cast.courses.biology.pk, student=cast.student.pk, root=cast.root.pk,
        classmate=cast.classmate.pk,
    )  # fmt: skip
    client = (rest if path.startswith("/api/") else signed_in)(getattr(cast, who))
    given = {
        "purpose": "x", "token[purpose]": "x", "developer_key[name]": "x",
        "developer_key[redirect_uris]": "https://reading.example/back",
    }  # fmt: skip
    answer = client.post(path, given)
    assert answer.status_code in (200, 201)
    assert "no-store" in answer["Cache-Control"]


# --- Django's own check ---


def test_django_finds_nothing_to_deploy_better(served: Any) -> None:
    assert served[2] == []


def test_without_a_mail_server_the_log_says_so_and_not_what_the_mail_said() -> None:
    """It holds a link that lets somebody in."""
    process = run(
        "-c",
        "from django.conf import settings;"
        "from django.core.mail import send_mail;"
        "from django.utils.log import configure_logging;"
        "configure_logging(settings.LOGGING_CONFIG, settings.LOGGING);"
        "send_mail('Welcome', 'Follow /password/reset/choose?key=1-abc', None, ['a@home.example'])",
        EMAIL_URL="",
        LOG_LEVEL="WARNING",
    )
    assert process.returncode == 0, process.stderr
    assert "1 mail not sent: EMAIL_URL names no mail server" in process.stderr
    said = process.stdout + process.stderr
    assert not any(word in said for word in ("1-abc", "a@home.example", "Welcome"))


def test_and_it_would_say_so() -> None:
    process = run("-c", _TELL, HTTPS="False")
    assert "security.W004" in str(json.loads(process.stdout)[2])


@pytest.mark.parametrize(
    "wrong", [{"SECRET_KEY": "short"}, {"CODE_KEY": "short"}, {"ALLOWED_HOSTS": ""}]
)
def test_without_what_it_needs_it_does_not_start(wrong: dict[str, str]) -> None:
    process = run("manage.py", "check", **wrong)
    assert process.returncode != 0
    assert next(iter(wrong)) in process.stderr
