"""A number in an address that no database holds names nothing: 404, never a server error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from pairing_service.urls import urlpatterns
from tests.cast import Cast

HUGE = "9" * 30
_NUMBER = re.compile(r"<int:(\w+)>")


def _addresses() -> Iterator[tuple[str, str]]:
    """Every page with numbers in its address, and the number that is huge, the others being right."""
    for included in urlpatterns[2:]:
        for page in included.url_patterns:
            for name in _NUMBER.findall(str(page.pattern)):
                yield str(page.pattern), name


@pytest.mark.parametrize(("address", "huge"), [*_addresses()])
def test_a_huge_number_is_not_found(cast: Cast, signed_in: Any, address: str, huge: str) -> None:
    right = {
        "account_id": cast.root.pk, "course_id": cast.courses.biology.pk,
        "user_id": cast.student.pk, "role_id": cast.roles["TeacherEnrollment"].pk,
    }  # fmt: skip
    path = _NUMBER.sub(lambda m: HUGE if m[1] == huge else str(right.get(m[1], 1)), address)
    path = path.replace("<slug:key>", "read_roster").replace("<str:step>", "remove")
    client = signed_in(cast.root_admin)
    for answer in (client.get(f"/{path}"), client.post(f"/{path}")):
        assert answer.status_code in (404, 405), path
