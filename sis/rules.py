"""Who may import rosters over HTTP. The command line is the operator's."""

from __future__ import annotations

from accounts.models import Account
from permissions.policy import holds_in_root, rule

# Every import is the root account's, whichever account is asked about.
IMPORT_SIS = rule("import_sis", Account, "import rosters").row(
    "administrator", holds_in_root("import_sis")
)
