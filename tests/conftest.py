"""Fixtures for every test: the cast, a client per person, a client of the REST API."""

from __future__ import annotations

import gc
import pickle
import time
from collections.abc import Callable, Generator, Iterator
from functools import partialmethod
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.contenttypes.management import create_contenttypes
from django.core.cache import cache
from django.core.management import call_command
from django.core.servers.basehttp import (
    ServerHandler,
    ThreadedWSGIServer,
    WSGIRequestHandler,
    WSGIServer,
)
from django.db import connection
from django.db.models.signals import post_migrate
from django.template import Template
from django.test import Client
from django.test.client import ClientHandler
from django.test.signals import setting_changed
from django.utils import timezone, translation
from rest_framework.test import APIClient

from accounts.models import User
from accounts.sessions import DEVICE, SessionStore
from audit.triggers import drop_triggers
from tests.cast import Cast, make_cast
from tests.described import DescribedClient
from tests.effort import left_out, name_tests
from tests.kept import Kept


def pytest_configure(config: pytest.Config) -> None:
    """A made-up case may take long while the machine has other things to do."""
    name_tests(config)
    hypothesis.settings.register_profile(
        "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("unhurried")
    gc.set_threshold(100_000, 50, 50)  # what is made stays or goes by itself, mostly


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What waits for `.ci/run` is counted as deselected."""
    waiting = left_out(items)
    config.hook.pytest_deselected(items=[item for item in items if item in waiting])
    items[:] = [item for item in items if item not in waiting]


def pytest_collection_finish() -> None:
    """What is imported by now stays; looking through it over and over is a tenth of the time."""
    gc.freeze()


def pytest_sessionfinish() -> None:
    """pytest looks through all that is left once more, for a second of each process."""
    gc.freeze()


def _with_room(call: Callable[[], object]) -> None:
    """Call from a frame that asks for so much of the interpreter's stack that what is below fits.

    Python 3.11 maps that stack in pieces of 16 kB: a loop that runs just where one ends maps and
    unmaps one at each call, two thousand times per test, which was a sixth of all their time.
    """
    call()


_with_room.__code__ = _with_room.__code__.replace(co_stacksize=32_000)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    names = pyfuncitem._fixtureinfo.argnames
    given = {name: pyfuncitem.funcargs[name] for name in names}
    _with_room(lambda: pyfuncitem.obj(**given))
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What has passed says so in few words to the process that counts."""
    report = yield
    if report.passed:
        report.sections, report.keywords = [], {}
    return report


@pytest.fixture(scope="session", autouse=True)
def _as_quick_as_can_be(django_test_environment: None) -> None:
    """All that is changed for the whole run; one fixture, because each is looked up per test."""
    _empty_in_less_time()
    _answer_at_once()
    _tell_answers()
    _draw_templates_as_served()
    _load_middleware_once()


def _empty_in_less_time() -> None:
    """Emptied tables (transaction=True) get Django's own permissions again, which nobody asks for:
    two thirds of the statements of emptying them."""
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(create_contenttypes)


def _answer_at_once() -> None:
    """Django's live server sends headers and body apart; Nagle's algorithm keeps the body 40 ms.
    That it is to stop it sees when it looks, every half second."""
    WSGIRequestHandler.disable_nagle_algorithm = True
    ThreadedWSGIServer.serve_forever = partialmethod(WSGIServer.serve_forever, poll_interval=0.05)


_answering: set[ServerHandler] = set()


def _tell_answers() -> None:
    """Which requests the live server is busy with: a client has its answer before the server is
    done with the database."""
    run = ServerHandler.run

    def told(handler: ServerHandler, application: Any) -> None:
        _answering.add(handler)
        try:
            run(handler, application)
        finally:
            _answering.discard(handler)

    ServerHandler.run = told


def _draw_templates_as_served() -> None:
    """Django's test runner keeps a copy of every template's context; no test here asks for it."""
    Template._render = lambda template, context: template.nodelist.render(context)


def _load_middleware_once() -> None:
    """Each test client would make the chain for itself; made anew when a setting has changed."""
    load = ClientHandler.load_middleware
    loaded: dict[str, Any] = {}

    def load_once(handler: ClientHandler) -> None:
        if not loaded:
            first = ClientHandler()
            load(first)
            loaded.update({k: v for k, v in vars(first).items() if k != "enforce_csrf_checks"})
        vars(handler).update(loaded)

    ClientHandler.load_middleware = load_once
    setting_changed.connect(lambda **_: loaded.clear(), weak=False)


@pytest.fixture(autouse=True)
def _afresh() -> None:
    """Nothing counted yet, and no language of the request before."""
    cache.clear()
    translation.deactivate()


@pytest.fixture(scope="session")
def made_once(django_db_setup: None, django_db_blocker: Any) -> tuple[bytes, Kept]:
    """The cast, committed before the first test; making it for each would be half of their time.

    Each test gets a copy, which is quickest made from a pickle.
    """
    with django_db_blocker.unblock():
        assert not connection.in_atomic_block, "ask for the cast before the test has begun"
        made = make_cast()
        return pickle.dumps(made), Kept(made.root)


@pytest.fixture
def cast(made_once: tuple[bytes, Kept], db: Any) -> Cast:
    """The people as they were made; put back once a test has emptied the tables (transaction=True).

    What a process keeps of the tenant is as of a version: a test that writes roles, overrides or
    settings without an action bumps it, and then the number comes back with the rows.
    """
    pickled, kept = made_once
    if not kept.is_there():
        kept.put_back()
    copied: Cast = pickle.loads(pickled)
    return copied


@pytest.fixture
def empty(db: Any) -> None:
    """No tenant at all, for the length of the test."""
    drop_triggers(connection)  # flush makes them again
    call_command("flush", interactive=False, verbosity=0)


# What pytest-django prepares for every test, for what no test here is or asks for: classes of
# unittest, sites, apps of a test's own, variables that templates do not know.
_OF_NO_USE = {
    "_django_clear_site_cache", "_django_isolate_apps", "_django_setup_unittest",
    "_fail_for_invalid_template_variable", "_template_string_if_invalid_marker",
}  # fmt: skip


def pytest_itemcollected(item: pytest.Function) -> None:
    """A test has the fixtures that it needs: each takes as long as a statement. Whatever empties
    all tables after a test asks for that: see `_events_can_be_emptied`."""
    item.fixturenames = [name for name in item.fixturenames if name not in _OF_NO_USE]
    marker = item.get_closest_marker("django_db")
    if {"transactional_db", "live_server"} & {*item.fixturenames} or (
        marker and marker.kwargs.get("transaction")
    ):
        item.fixturenames = [_events_can_be_emptied.__name__, *item.fixturenames]


@pytest.fixture
def _events_can_be_emptied(_as_quick_as_can_be: None, transactional_db: None) -> Iterator[None]:
    """Nobody may remove events, so whatever empties all tables after a test has to ask for it."""
    yield
    deadline = time.monotonic() + 5
    while _answering and time.monotonic() < deadline:
        time.sleep(0.001)
    drop_triggers(connection)  # flush makes them again


def begin_session(user: User) -> str:
    """The key of a new session of theirs, in two statements; `Client.force_login` takes seven."""
    session = SessionStore()
    held = {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: "accounts.signin.TenantBackend",
        HASH_SESSION_KEY: user.get_session_auth_hash(),
        DEVICE: {"agent": "", "address": "127.0.0.1", "since": timezone.now().isoformat()},
    }
    session.update(held)
    session.save(must_create=True)
    return str(session.session_key)


@pytest.fixture
def signed_in(cast: Cast) -> Callable[[User | None], Client]:
    """A browser in which the user is signed in (nobody: signed out)."""

    def browser_of(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.cookies[settings.SESSION_COOKIE_NAME] = begin_session(user)
        return client

    return browser_of


@pytest.fixture
def rest(cast: Cast) -> Callable[[User | None], APIClient]:
    """A REST client with the user's token (nobody: without one)."""

    def with_token(user: User | None) -> APIClient:
        client = DescribedClient()
        if user is not None:
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {cast.token(user)}")
        return client

    return with_token
