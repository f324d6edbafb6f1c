"""Triggers on accounts_user that keep everyone's own login among all the logins.

A person's own login is a column of theirs; `accounts.models.Login` holds it again, beside further
ones, so that one unique constraint covers all. The database copies it, because people are also
written in bulk. A login that becomes a person's own and was a further one of theirs takes the
place of the old one. Who is deleted has no login, and gets their own back when they return.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

_COPY = """
INSERT INTO accounts_login (root_account_id, user_id, login_id, login_key, created_at)
SELECT {new}.root_account_id, {new}.id, {new}.login_id, {new}.login_key, {new}.created_at{source}
 WHERE {new}.state <> 'deleted';
"""
_RENAME = """
DELETE FROM accounts_login
 WHERE user_id = NEW.id AND login_key = OLD.login_key AND OLD.login_key <> NEW.login_key
   AND EXISTS (SELECT 1 FROM accounts_login mine
                WHERE mine.user_id = NEW.id AND mine.login_key = NEW.login_key);
UPDATE accounts_login SET login_id = NEW.login_id, login_key = NEW.login_key
 WHERE user_id = NEW.id AND login_key IN (OLD.login_key, NEW.login_key);
"""
_END = "DELETE FROM accounts_login WHERE user_id = NEW.id;"

_COLUMNS = "UPDATE OF login_id, login_key, state ON accounts_user"
_ENDS = "OLD.state <> 'deleted' AND NEW.state = 'deleted'"
_RETURNS = "OLD.state = 'deleted' AND NEW.state <> 'deleted'"
_IS_RENAMED = (
    "OLD.state <> 'deleted' AND NEW.state <> 'deleted'"
    " AND (OLD.login_id <> NEW.login_id OR OLD.login_key <> NEW.login_key)"
)
# On changes of a row: the trigger's name, when, what.
_ON_CHANGE = [
    ("login_ends", _ENDS, _END),
    ("login_returns", _RETURNS, _COPY.format(new="NEW", source="")),
    ("login_renamed", _IS_RENAMED, _RENAME),
]


def _sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {event} FOR EACH ROW {when} BEGIN {what} END"
        for name, event, when, what in [
            ("login_added", "INSERT ON accounts_user", "", _COPY.format(new="NEW", source="")),
            *((name, _COLUMNS, f"WHEN {when}", what) for name, when, what in _ON_CHANGE),
        ]
    ]


def _postgresql() -> list[str]:
    """For new people one statement, however many they are."""
    copy_all = _COPY.format(new="added", source=" FROM added")
    return [
        _function("login_added", copy_all),
        "CREATE OR REPLACE TRIGGER login_added AFTER INSERT ON accounts_user"
        " REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION login_added()",
        *(_function(name, what) for name, _when, what in _ON_CHANGE),
        *(
            f"CREATE OR REPLACE TRIGGER {name} AFTER {_COLUMNS} FOR EACH ROW WHEN ({when})"
            f" EXECUTE FUNCTION {name}()"
            for name, when, _what in _ON_CHANGE
        ),
    ]


def _function(name: str, what: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {what} RETURN NULL; END $$"
    )


def make_triggers(connection: BaseDatabaseWrapper) -> None:
    """Make those that are not there, and copy what was written without them."""
    with connection.cursor() as cursor:
        for statement in _sqlite() if connection.vendor == "sqlite" else _postgresql():
            cursor.execute(statement)
        cursor.execute(_COPY_MISSING)


_NAMES = ("login_added", *(name for name, _when, _what in _ON_CHANGE))
_COPY_MISSING = """
INSERT INTO accounts_login (root_account_id, user_id, login_id, login_key, created_at)
SELECT root_account_id, id, login_id, login_key, created_at FROM accounts_user AS one
 WHERE state <> 'deleted'
   AND NOT EXISTS (SELECT 1 FROM accounts_login AS mine
                    WHERE mine.user_id = one.id AND mine.login_key = one.login_key)
"""


def drop_triggers(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        for name in _NAMES:
            on = " ON accounts_user" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
