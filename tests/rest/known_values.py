"""The description of the API with what there is in the tests' world among the values to try.

A random text names nobody, so every request would end at 404. Here an id in an address is mostly
one of the cast's (in any of its forms) or of another tenant, and sometimes nonsense; parameters
named alike may be these, too. Whom to act as is said now and then, not in every other request.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from pairing_service.http.openapi import document
from tests.cast import PASSWORD, Cast

Values = dict[str, list[Any]]
NONSENSE = [
    "0", "-1", "1.5", "9" * 30, "x", "é", "１２", "\0", "a\0b", "uuid:zz", "hex:sis_user_id:zz",
    "sis_user_id:\0", "sis_user_id:", "sis_course_id:no", "[]", "1;2", "ada.okafor​", "' OR 1=1",
]  # fmt: skip


def known(cast: Cast, ids: dict[str, int | str]) -> Values:
    """By the names of parameters; `ids`: what stands for the ids in addresses elsewhere."""
    people = [
        "self", cast.student.pk, cast.teacher.pk, cast.classmate.pk, cast.observer.pk,
        cast.sub_admin.pk, cast.stranger.pk, "sis_user_id:s-ada", "sis_login_id:ada.okafor",
        "hex:sis_user_id:732d616461",
    ]  # fmt: skip
    accounts = [
        "self", cast.root.pk, cast.accounts.high.pk, cast.accounts.science.pk,
        cast.stranger.root_account_id, "sis_account_id:no",
    ]  # fmt: skip
    courses = [cast.courses.biology.pk, cast.courses.history.pk, "sis_course_id:no"]
    roles = [role.pk for role in cast.roles.values()]
    values: Values = {
        **{name: [value] for name, value in ids.items()},
        **dict.fromkeys(("user_id", "observee_id", "observer_id", "associated_user_id"), people),
        **dict.fromkeys(("as_user_id", "actor", "target"), people),
        **dict.fromkeys(("account_id", "sub_account_id", "parent_account_id"), accounts),
        "root_account_id": [*accounts, "all"],
        "course_id": courses,
        "section_id": [cast.courses.biology.sections.get().pk],
        "course_section_id": [cast.courses.biology.sections.get().pk],
        "role_id": [*roles, "TeacherEnrollment", "AccountAdmin"],
        "role_filter_id": roles,
        "context": [f"course:{cast.courses.biology.pk}", f"account:{cast.root.pk}"],
        "unique_id": ["ada.okafor", "new@example.org", "root@northfield.example"],
        "password": [PASSWORD, "another-long-password"],
        "client_id": [ids["key_id"]],
        "grant_type": ["authorization_code", "refresh_token"],
        "pairing_code": [cast.code().text, "K7QDM-2XR9T"],
        "base_role_type": ["TeacherEnrollment", "AccountMembership"],
        "permission": ["read_roster", "nothing"],
        "action": ["issue_code", "see_person", "nothing"],
        "label": ["Aide", "Teacher", ""],
        "self_registration": ["none", "observer", "all"],
        "time_zone": ["Europe/Berlin", "nowhere"],
    }
    values["code"] = values["pairing_code"]
    return values


def described_with(values: Values) -> dict[str, Any]:
    """The description, for making requests by; of answers it says what it always says.

    Whom to act as is left to `acted_as`; and nonsense in addresses to `in_address`.
    """
    body = deepcopy(document())
    for methods in body["paths"].values():
        for operation in methods.values():
            operation["security"] = []  # tokens are the cast's own
            operation["parameters"] = [
                _with_known_value(one, values)
                for one in operation["parameters"]
                if not one.get("$ref", "").endswith("/as_user_id")
            ]
            for kind in operation.get("requestBody", {"content": {}})["content"].values():
                _put_into(kind["schema"], values)
    for name, schema in body["components"]["schemas"].items():
        if schema.get("additionalProperties") is not False and name != "Id":
            _put_into(schema, values)  # answers are closed
    del body["components"]["securitySchemes"]
    return body


def in_address(values: Values, name: str) -> st.SearchStrategy[str]:
    """What stands for an id in an address."""
    there = [quote(str(value), safe="") for value in values[name]]
    return (
        st.sampled_from(there)
        | st.sampled_from(there)
        | st.sampled_from([*there, *map(quote, NONSENSE)])
    )


def acted_as(values: Values) -> st.SearchStrategy[str | None]:
    whom = [None] * 3 * len(values["as_user_id"]) + [str(one) for one in values["as_user_id"]]
    return st.sampled_from(whom)


def _with_known_value(parameter: dict[str, Any], values: Values) -> dict[str, Any]:
    if parameter.get("in") == "path":
        return parameter | {"schema": _one_of([*map(str, values[parameter["name"]])])}
    if "name" not in parameter:
        return parameter
    return parameter | {"schema": _with_known(parameter["name"], parameter["schema"], values)}


def _put_into(schema: dict[str, Any], values: Values) -> None:
    for name, inside in schema.get("properties", {}).items():
        if inside.get("type") == "object":
            _put_into(inside, values)
        schema["properties"][name] = _with_known(name, inside, values)


def _with_known(name: str, schema: dict[str, Any], values: Values) -> dict[str, Any]:
    """`user[id]` is known as `user_id`, else as `id`."""
    words = re.findall(r"\w+", name)
    there = next((v for key in ("_".join(words), words[-1]) if (v := values.get(key))), None)
    if there is None or "$ref" in schema:
        return schema
    if schema.get("type") == "array":
        return schema | {"items": _with_known(name, schema["items"], values)}
    return {"anyOf": [_one_of([*there, *map(str, there)]), schema]}


def _one_of(values: list[Any]) -> dict[str, Any]:
    return {"enum": [*dict.fromkeys(values)]}
