#!/usr/bin/env python
"""The portal's commands. What stops one is said in a sentence, not shown as a traceback."""

import os
import sys

# These change tables, or read and write all of them; all others run as the role that owns none.
AS_OWNER = {
    *("prepare", "migrate", "createcachetable", "flush"),
    *("apply_retention", "backup", "generate_data", "restore"),
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    if len(sys.argv) > 1 and sys.argv[1] in AS_OWNER:
        os.environ.setdefault("DATABASE_AS_OWNER", "1")
    try:
        from django.conf import settings
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line

        from portal.pg import DatabaseUnavailable
    except ImportError as error:
        sys.exit(f"{error}. Is this the project's Python? `make run` makes it: .venv/bin/python manage.py …")
    try:
        settings.INSTALLED_APPS  # noqa: B018  the first look reads them all, so a wrong one stops here
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Settings: {error}")
    except DatabaseUnavailable as error:
        sys.exit(f"Database: {error}")


if __name__ == "__main__":
    main()
