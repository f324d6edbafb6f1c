"""The product's settings with the slowing app."""

from pairing_service.settings import *  # noqa: F403
from pairing_service.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.load.slowed.SlowedConfig"]
