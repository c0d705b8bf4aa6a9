"""Exactly once: the key and its effect share one transaction, and a retry gets the stored answer."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.files.base import File
from django.db import OperationalError, connection
from django.utils import timezone
from psycopg.errors import LockNotAvailable
from uuid_utils.compat import uuid7

from core import errors

_CLAIM = """
INSERT INTO idempotency_keys
  (id, account_id, member_id, operation, key, fingerprint, body, request_id, created_at)
VALUES (%s, %s, %s, %s, %s, %s, '', %s, %s)
ON CONFLICT ON CONSTRAINT one_answer_per_key DO NOTHING RETURNING id
"""
_STORED = """
SELECT fingerprint, status, body, request_id FROM idempotency_keys
WHERE account_id = %s AND operation = %s AND key = %s
"""
_ANSWER = "UPDATE idempotency_keys SET status = %s, body = %s WHERE account_id = %s AND id = %s"


@dataclass(frozen=True)
class Answer:
    """What the first request with a key was told."""

    status: int
    data: Any
    request_id: str


@dataclass(frozen=True)
class Claim:
    """A key that is ours until the transaction ends: whoever else brings it waits for us, then sees our answer."""

    account_id: UUID
    member_id: UUID
    operation: str
    key: str
    fingerprint: str
    request_id: str

    def take(self) -> Answer | UUID:
        """The stored answer, or the id of our fresh claim.

        Raises RequestInFlight when the first request takes longer than we may wait, and IdempotencyKeyReused for
        another body.
        """
        claim_id = uuid7()
        with connection.cursor() as cursor:
            try:
                cursor.execute(
                    _CLAIM,
                    [
                        claim_id,
                        self.account_id,
                        self.member_id,
                        self.operation,
                        self.key,
                        self.fingerprint,
                        self.request_id,
                        timezone.now(),
                    ],
                )
            except OperationalError as error:
                if isinstance(error.__cause__, LockNotAvailable):
                    raise errors.RequestInFlight from error
                raise
            return claim_id if cursor.fetchone() else self._stored()

    def _stored(self) -> Answer:
        with connection.cursor() as cursor:
            cursor.execute(_STORED, [self.account_id, self.operation, self.key])
            fingerprint, status, body, request_id = cursor.fetchone()
        if fingerprint != self.fingerprint:
            raise errors.IdempotencyKeyReused
        return Answer(status=status, data=json.loads(body), request_id=request_id)

    def answer(self, claim_id: UUID, *, status: int, body: bytes) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_ANSWER, [status, body.decode(), self.account_id, claim_id])


def fingerprint(data: Any) -> str:
    """The same for the same content, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=_as_text).encode()).hexdigest()


def _as_text(value: Any) -> str:
    """Of a file, what is in it."""
    if not isinstance(value, File):
        return str(value)
    digest = hashlib.file_digest(value, "sha256")
    value.seek(0)
    return f"{value.name} {digest.hexdigest()}"
