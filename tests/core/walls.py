"""What check_tenancy says of a database that somebody broke."""

from contextlib import contextmanager
from io import StringIO

from django.core.management import CommandError, call_command

from tests.races import administrator


def run(*options):
    """The exit code of the command and what it printed."""
    out = StringIO()
    try:
        call_command("check_tenancy", *options, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def found():
    return run()[1].splitlines()


def administer(*statements):
    with administrator() as admin:
        for statement in statements:
            admin.execute(statement)


@contextmanager
def broken(breaking, *mending):
    administer(breaking)
    try:
        yield
    finally:
        administer(*mending)
