#!/usr/bin/env python
"""The service's command line: `manage.py help` lists what there is."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pairing_service.settings")
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:  # as a shell tells of it; a command that has more to say has said it
        sys.exit(130)
