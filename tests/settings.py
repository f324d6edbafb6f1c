"""The product's settings, with what makes tests quick: a weak hasher, a cache in memory.

`TEST_DATABASE_URL` names a PostgreSQL; without it the tests run on a SQLite file, as the product.
"""

import os
import shutil
import tempfile
import zlib
from pathlib import Path

if url := os.environ.get("TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = url
else:
    os.environ.pop("DATABASE_URL", None)
for name in ("DEBUG", "SECRET_KEY", "CODE_KEY", "ALLOWED_HOSTS", "CACHE_URL", "EMAIL_URL"):
    os.environ.pop(name, None)

from pairing_service.settings import *  # noqa: F403
from pairing_service.settings import DATABASES
from tests.effort import EVERYTHING

ALLOWED_HOSTS = ["testserver", "localhost", ".localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CHECK_DESCRIPTIONS = True
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
folder = Path(tempfile.gettempdir()) / f"pairing-service-tests-{os.getuid()}"
STATIC_ROOT = folder / "staticfiles"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
WHITENOISE_AUTOREFRESH = True  # else every test client begins by looking through all static files
DATABASES["default"]["CONN_MAX_AGE"] = 0
# Tests of two checkouts may run at once.
run = f"{zlib.crc32(os.fsencode(Path(__file__).parent)):08x}"
if not url:
    # Tables are made as the models are now: going through the migrations takes a second.
    # (Not on PostgreSQL: libraries' tables refer to ours, which must be there first.)
    DATABASES["default"]["TEST"] = {"NAME": str(folder / f"{run}.sqlite3"), "MIGRATE": EVERYTHING}
# No worker is needed: what would be done in the background is done at once.
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
# Processes that share the work (xdist) look into their own folders only.
mine = f"{run}-{os.environ.get('PYTEST_XDIST_WORKER', '')}"
SIS_UPLOADS = str(folder / f"uploads-{mine}")
shutil.rmtree(SIS_UPLOADS, ignore_errors=True)
