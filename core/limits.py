"""Exact rate limits, across workers: one counter row per subject, counted before the deed is judged.

They are written on a connection of their own, so that a refusal, which undoes everything else, leaves them standing.
Only digests of the subjects are kept.
"""

from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import connections
from django.utils import timezone
from django.utils.crypto import salted_hmac

from core.errors import TooManyTries

OUTSIDE = "outside"  # the alias of the connection

_HIT = """
INSERT INTO rate_limits AS r (key, started_at, count) VALUES (%(key)s, %(now)s, 1)
ON CONFLICT (key) DO UPDATE SET
  count = CASE WHEN r.started_at <= %(expired)s THEN 1 ELSE r.count + 1 END,
  started_at = CASE WHEN r.started_at <= %(expired)s THEN %(now)s ELSE r.started_at END
RETURNING count, started_at
"""
_REMEMBER = """
INSERT INTO rate_limits (key, started_at, count) VALUES (%(key)s, %(now)s, 0)
ON CONFLICT (key) DO UPDATE SET started_at = %(now)s
"""
_STANDS = "SELECT 1 FROM rate_limits WHERE key = %s AND started_at > %s"


class Limit(NamedTuple):
    """So many tries in a window of so many seconds, which begins with the first."""

    most: int
    seconds: int


def hit(name: str, *subject: object) -> None:
    """Count a try. Raises TooManyTries, with the seconds to wait, once the limit of this name is used up."""
    limit, now = Limit(*settings.RATE_LIMITS[name]), timezone.now()
    window = timedelta(seconds=limit.seconds)
    with connections[OUTSIDE].cursor() as cursor:
        cursor.execute(_HIT, {"key": _key(name, subject), "now": now, "expired": now - window})
        count, started_at = cursor.fetchone()
    if count > limit.most:
        raise TooManyTries(retry_after=max(1, int((started_at + window - now).total_seconds() + 0.999)))


def forget(name: str, *subject: object) -> None:
    """Give the tries back: the last one was right."""
    with connections[OUTSIDE].cursor() as cursor:
        cursor.execute("DELETE FROM rate_limits WHERE key = %s", [_key(name, subject)])


def remember(name: str, *subject: object) -> None:
    """Note a fact for as long as the window of this name lasts."""
    with connections[OUTSIDE].cursor() as cursor:
        cursor.execute(_REMEMBER, {"key": _key(name, subject), "now": timezone.now()})


def remembers(name: str, *subject: object) -> bool:
    since = timezone.now() - timedelta(seconds=Limit(*settings.RATE_LIMITS[name]).seconds)
    with connections[OUTSIDE].cursor() as cursor:
        cursor.execute(_STANDS, [_key(name, subject), since])
        return cursor.fetchone() is not None


def _key(name: str, subject: tuple[object, ...]) -> str:
    # Under our key: there are so few addresses that a plain digest of one could be looked up.
    return f"{name}:{salted_hmac(name, '|'.join(map(str, subject)), algorithm='sha256').hexdigest()}"
