"""The WSGI application that the server runs."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pairing_service.settings")
# What is loaded here stays. The collector need not look through it while it is made, nor later,
# again and again, while somebody waits.
gc.disable()
try:
    application = get_wsgi_application()
    views = get_resolver().url_patterns  # all are loaded before the first visitor comes
    gc.freeze()
finally:
    gc.enable()
