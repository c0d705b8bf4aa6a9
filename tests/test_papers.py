"""Papers that are made from the code say what the code says."""

from io import StringIO
from pathlib import Path

from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent


def test_the_catalogue_of_errors_is_up_to_date():
    printed = StringIO()
    call_command("list_errors", stdout=printed)
    assert (ROOT / "docs/errors.md").read_text() == printed.getvalue(), "run manage.py list_errors > docs/errors.md"
