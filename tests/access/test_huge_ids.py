"""A number in an address that no database holds names nothing: 404, never a server error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pairing_service.urls import urlpatterns
from tests.cast import Cast
from tests.effort import some_of

HUGE = "9" * 30
_NUMBER = re.compile(r"<int:(\w+)>")


def _addresses() -> Iterator[tuple[str, str]]:
    """Every page with numbers in its address, and the number that is huge, the others being right."""
    for included in urlpatterns[2:]:
        for page in included.url_patterns:
            for name in _NUMBER.findall(str(page.pattern)):
                yield str(page.pattern), name


def test_a_huge_number_is_not_found(cast: Cast, signed_in: Any, not_drawn: None) -> None:
    right = {
        "account_id": cast.root.pk, "course_id": cast.courses.biology.pk,
        "user_id": cast.student.pk, "role_id": cast.roles["TeacherEnrollment"].pk,
    }  # fmt: skip
    client = signed_in(cast.root_admin)
    for address, huge in some_of([*_addresses()], 1):
        ids = right | {huge: HUGE}
        path = _NUMBER.sub(lambda found: str(ids.get(found[1], 1)), address)  # noqa: B023
        path = path.replace("<slug:key>", "read_roster").replace("<str:step>", "remove")
        for answer in (client.get(f"/{path}"), client.post(f"/{path}")):
            assert answer.status_code in (404, 405), path
