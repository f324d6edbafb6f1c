"""Triggers on audit_event that refuse every change and removal, whoever asks.

Let through is only what runs in a transaction in which `audit.forgetting` has put its row into
audit_forgetting: removing what is older than the root account keeps it, and pseudonymising. The row
is taken out again before the transaction ends, so no other one ever sees it.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

_SAID = "events are append-only"
_NAMES = {"event_unchanged": "UPDATE", "event_kept": "DELETE"}
_IS_FORGETTING = "EXISTS (SELECT 1 FROM audit_forgetting)"

_SQLITE = """
CREATE TRIGGER IF NOT EXISTS {name} BEFORE {verb} ON audit_event FOR EACH ROW
 WHEN NOT {is_forgetting} BEGIN SELECT RAISE(ABORT, '{said}'); END
"""
_POSTGRESQL = [
    f"""
CREATE OR REPLACE FUNCTION event_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT {_IS_FORGETTING} THEN RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$
""",
    *(
        f"CREATE OR REPLACE TRIGGER {name} BEFORE {verb} ON audit_event"
        " FOR EACH STATEMENT EXECUTE FUNCTION event_stands()"
        for name, verb in [*_NAMES.items(), ("event_table_kept", "TRUNCATE")]
    ),
]


def make_triggers(connection: BaseDatabaseWrapper) -> None:
    """Make those that are not there."""
    statements = _POSTGRESQL
    if connection.vendor == "sqlite":
        statements = [
            _SQLITE.format(name=name, verb=verb, is_forgetting=_IS_FORGETTING, said=_SAID)
            for name, verb in _NAMES.items()
        ]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def drop_triggers(connection: BaseDatabaseWrapper) -> None:
    """For migrations, and for tests that empty the tables."""
    on = " ON audit_event" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in [*_NAMES, "event_table_kept"]:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
