"""Requests made from the description, by everyone of the cast: no server error, and no answer
that is not described.

API_EXAMPLES says how many; few by default, of some operations, the same every time. What they do
is rolled back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from pairing_service.wsgi import application
from sis.models import ImportProblem, SisImport
from tests.access.test_routes import ids_of
from tests.access.test_rules import PEOPLE
from tests.cast import Cast
from tests.effort import API_EXAMPLES, some_of
from tests.rest.known_values import acted_as, described_with, in_address, known

# The work is shared by processes: each takes every so many-th operation.
PARTS = 2
# Who may do most asks most often: refusals are soon known.
SENDERS = [*PEOPLE, *["root_admin"] * 4]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


class World:
    """The API as the cast reaches it, over WSGI."""

    def __init__(self, cast: Cast) -> None:
        ids = ids_of(cast) | {"import_id": an_import(cast).pk}
        self._values = known(cast, ids)
        self.schema: Any = schemathesis.openapi.from_dict(described_with(self._values))
        self.schema.app = application
        self._tokens = {
            person: cast.token(getattr(cast, person)) for person in PEOPLE if person != "anonymous"
        }

    def operations(self) -> list[Any]:
        return [one.ok() for one in self.schema.get_all_operations()]

    def sent_by(self, person: str) -> dict[str, Any]:
        """From which host, and with which token, a request is sent."""
        host = "southfield.localhost" if person == "stranger" else "testserver"
        token = self._tokens.get(person)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return {"base_url": f"http://{host}", "headers": headers}

    def aimed(self, case: Any, draw: Any) -> Any:
        """The request at an address where something may be, now and then acting as somebody."""
        case.path_parameters = {
            name: draw(in_address(self._values, name)) for name in case.path_parameters or {}
        }
        if whom := draw(acted_as(self._values)):
            case.query = dict(case.query or {}) | {"as_user_id": whom}
        return case

    def ask(self, person: str, case: Any) -> None:
        """Send it; fails when the answer is an error of the server's, or not a described one."""
        with rolled_back():
            response = case.call(**self.sent_by(person))
            if case.method != "GET" and response.status_code < 300:
                connection.check_constraints()
        case.validate_response(response, checks=CHECKS)


def an_import(cast: Cast) -> SisImport:
    one = SisImport.objects.create(
        root_account=cast.root, user=cast.root_admin, state="imported_with_messages",
        kinds=["users"], error_count=1, ended_at=timezone.now(),
    )  # fmt: skip
    ImportProblem.objects.create(sis_import=one, number=1, is_error=True, file="a.csv", line=2)
    return one


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def world(cast: Cast) -> Iterator[World]:
    """Requests that leave the test's connection, and its transaction, as they are."""
    ends = signals.request_started, signals.request_finished
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield World(cast)
    for signal in ends:
        signal.connect(close_old_connections)


def trying(examples: int) -> settings:
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )


@pytest.mark.parametrize("part", range(PARTS))
def test_every_answer_is_described(world: World, part: int) -> None:
    """Half of the requests keep to the description, half break it on purpose, where one can."""
    operations = world.operations()
    each = max(1, API_EXAMPLES // len(operations))
    for operation in some_of(operations[part::PARTS], part):
        broken = each // 2 if operation.query or operation.body else 0
        _try(world, operation.as_strategy(GenerationMode.POSITIVE), each - broken)
        if broken:
            _try(world, operation.as_strategy(GenerationMode.NEGATIVE), broken)


def _try(world: World, cases: Any, examples: int) -> None:
    @trying(examples)
    @given(case=cases, person=st.sampled_from(SENDERS), data=st.data())
    def one(case: Any, person: str, data: Any) -> None:
        world.ask(person, world.aimed(case, data.draw))

    one()


STEPS = 8


def test_what_one_answer_leads_to_is_described_as_well(world: World) -> None:
    """Along the links of the description: what one has made is changed, and removed."""
    world.schema.config.generation.modes = [GenerationMode.POSITIVE]

    class Conversation(world.schema.as_state_machine()):  # type: ignore[misc]
        person = "root_admin"

        @initialize(person=st.sampled_from(SENDERS))
        def begin(self, person: str) -> None:
            self.person = person

        def setup(self) -> None:
            self.undone = rolled_back()
            self.undone.__enter__()

        def teardown(self) -> None:
            self.undone.__exit__(None, None, None)

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return world.sent_by(self.person)

        def validate_response(self, response: Any, case: Any, **more: Any) -> None:
            case.validate_response(response, checks=CHECKS)

    Conversation.run(
        settings=settings(trying(max(1, API_EXAMPLES // 40)), stateful_step_count=STEPS)
    )
