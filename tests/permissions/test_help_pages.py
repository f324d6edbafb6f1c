"""The pages that help texts name are there, under these very names."""

from __future__ import annotations

import re
from typing import Any

import pytest

from permissions.help import HELP
from tests.cast import Cast

TITLES = sorted({line.title for one in HELP.values() for line in one.details})
PATHS = [
    title.split(" > ")
    for title in TITLES
    if " > " in title and not title.endswith("deleted course")
]


def links(page: str) -> dict[str, str]:
    """What a page leads to: addresses by the words of the link."""
    found = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL)
    return {" ".join(re.sub("<[^>]*>", "", words).split()): address for address, words in found}


@pytest.mark.parametrize("path", PATHS, ids=" > ".join)
def test_a_page_that_help_names_is_there(cast: Cast, signed_in: Any, path: list[str]) -> None:
    cast.classmate.set_unusable_password()  # whose first sign-in is to be handed over
    cast.classmate.save()
    starts = {
        "Account": f"/accounts/{cast.root.pk}",
        "Root account": f"/accounts/{cast.root.pk}",
        "Course": f"/courses/{cast.courses.biology.pk}/users",
        "User page": f"/users/{cast.student.pk}",
    }
    browser, address = signed_in(cast.root_admin), starts[path[0]]
    steps = path[1:]
    if path[:2] == ["Course", "People"]:  # what a course opens with
        steps = path[2:]
    for step in steps:
        page = browser.get(address, follow=True)
        assert page.status_code == 200
        there = links(page.content.decode())
        step = step.split(",")[0]
        wanted = "Course settings" if path[0] == "Course" and step == "Settings" else step
        assert wanted in there
        address = there[wanted]


def test_nothing_is_named_that_is_not_built() -> None:
    every = " ".join(
        f"{line.title} {line.description}"
        for one in HELP.values()
        for line in (*one.details, *one.considerations)
    )
    assert not re.search("letter|hand-out", every)
