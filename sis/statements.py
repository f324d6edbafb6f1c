"""Many values in one statement, written by hand, as one JSON text."""

from __future__ import annotations

import json
from collections.abc import Collection

from django.db import connection, models
from django.db.models.expressions import RawSQL

from courses.models import Enrolment

# The enrolments that anyone of these (section, user) pairs has. Each half fits one partial index.
_OF_PAIRS = """
WITH asked (section_id, user_id) AS (SELECT {cells} FROM {pairs})
SELECT e.id FROM asked CROSS JOIN courses_enrolment e
 WHERE e.section_id = asked.section_id AND e.user_id = asked.user_id
   AND e.associated_user_id IS NULL
UNION ALL
SELECT e.id FROM asked CROSS JOIN courses_enrolment e
 WHERE e.section_id = asked.section_id AND e.user_id = asked.user_id
   AND e.associated_user_id IS NOT NULL
"""
_PAIRS = {
    "sqlite": {
        "cells": "json_extract(value, '$[0]'), json_extract(value, '$[1]')",
        "pairs": "json_each(%s)",
    },
    "postgresql": {
        "cells": "(value->>0)::bigint, (value->>1)::bigint",
        "pairs": "json_array_elements(%s::json)",
    },
}


def enrolments_of(pairs: Collection[tuple[int, int]]) -> models.QuerySet[Enrolment]:
    """The enrolments of these people in these sections (section first), whatever the role."""
    sql = _OF_PAIRS.format(**_PAIRS[connection.vendor])
    return Enrolment.objects.filter(pk__in=RawSQL(sql, [json.dumps(list(pairs))]))  # noqa: S611
