"""What is done in the background, by `manage.py worker`."""

from __future__ import annotations

from django_tasks import task


@task()
def run_imports(root_account_id: int) -> None:
    """Run the tenant's imports that wait, one after the other, unless somebody is at it already."""
    from sis.running import run_next

    while run_next(root_account_id):
        pass
