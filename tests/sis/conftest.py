"""A roster of the cast's tenant, and what is needed to import one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from accounts.models import User
from courses.models import Course, Enrolment
from sis.importing import import_files
from sis.report import Report
from tests.cast import Cast, make_account_role, make_admin

Take = Callable[..., Report]


@pytest.fixture
def take(cast: Cast, tmp_path: Path) -> Take:
    """Import files into Northfield, each given as name="header\\nrow\\n…"; `by` somebody there, or
    an operator."""

    def take(by: User | None = None, **files: str) -> Report:
        paths = [tmp_path / f"{name}.csv" for name in files]
        for path, text in zip(paths, files.values(), strict=True):
            path.write_text(text, encoding="utf-8")
        actor = cast.actor(by) if by else None
        return import_files(root_account=cast.root, paths=paths, actor=actor)

    return take


@pytest.fixture
def roster(cast: Cast, take: Take) -> Cast:
    """The cast with SIS ids: course bio with section bio-2, account high, people by first name."""
    for name in ("student", "classmate", "teacher", "observer", "sub_admin", "root_admin"):
        person = getattr(cast, name)
        User.objects.filter(pk=person.pk).update(sis_id=name)
        person.refresh_from_db()
    Course.objects.filter(pk=cast.courses.biology.pk).update(sis_id="bio")
    Course.objects.filter(pk=cast.courses.reading.pk).update(sis_id="reading")
    for name in ("high", "science", "elementary"):
        account = getattr(cast.accounts, name)
        type(account).objects.filter(pk=account.pk).update(sis_id=name)
        account.refresh_from_db()
    report = take(s="section_id,course_id,name,status\nbio-2,bio,Second,active")
    assert not report.errors
    return cast


@pytest.fixture
def clerk(roster: Cast) -> User:
    """The teacher, who may also import, and do nothing else beyond their courses."""
    role = make_account_role(roster, "Clerk", "import_sis")
    make_admin(roster, roster.teacher, roster.root, role)
    return roster.teacher


def reasons(report: Report) -> list[str]:
    return [problem.reason for problem in report.errors]


def everything() -> dict[str, list[Any]]:
    """Every row of every table but the events, which tell of each run."""
    rooms = ("accounts", "permissions", "courses", "pairing")
    models = [model for room in rooms for model in apps.get_app_config(room).get_models()]
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values_list())
        for model in models
    }


def enrolments_of(user: User) -> list[tuple[Any, ...]]:
    found = Enrolment.objects.filter(user=user).order_by("section__name", "pk")
    return list(found.values_list("section__name", "type", "state"))
