"""The numbers of documents, without gaps."""

from django.db import connection
from uuid_utils.compat import uuid7

from accounts.models import Membership

_NEXT = """
INSERT INTO document_counters (id, account_id, code, last_number) VALUES (%s, %s, %s, 1)
ON CONFLICT ON CONSTRAINT one_counter_per_code DO UPDATE SET last_number = document_counters.last_number + 1
RETURNING last_number
"""


def take_number(code: str, *, by: Membership) -> str:
    """The next number of this kind of document. Whoever wants one too waits; who fails gives it back."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [uuid7(), by.account_id, code])
        return f"{code}-{cursor.fetchone()[0]:06d}"
