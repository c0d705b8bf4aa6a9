#!/usr/bin/env python
"""Django's commands, with the embedded PostgreSQL up while they run."""

import os
import signal
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

try:
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from core.errors import ServerError
except ImportError as problem:
    sys.exit(f"{problem}: run `make run` once, then .venv/bin/python manage.py.")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "app.settings")
    if "SECRET_KEY" not in os.environ and not Path(__file__).with_name(".env").exists():
        sys.exit("There is no .env yet: run `make run`, which writes it, or set SECRET_KEY.")
    # As an exit, it leaves the embedded server in order.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with database():
            execute_from_command_line(sys.argv)
    except (ServerError, ImproperlyConfigured) as refusal:
        sys.exit(str(refusal))
    except KeyboardInterrupt:
        sys.exit(130)


def database() -> AbstractContextManager[object]:
    """The embedded server where the settings use it, so that any command works after a clone."""
    embedded = settings.EMBEDDED_SERVER
    return nullcontext() if embedded is None else embedded.running()


if __name__ == "__main__":
    main()
