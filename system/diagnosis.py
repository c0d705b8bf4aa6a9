"""Why a till cannot sign in: what is wrong with the settings and the database, each in one sentence that says what to
change."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, connections
from django.http.request import validate_host
from django.utils import timezone

from accounts.models import User
from core import checks, vault
from core.tenancy import STAFF
from system import health, probe
from system.addresses import host_of, is_loopback, is_plain, is_same_site, read_origin
from system.models import Integration

NEEDED_HEADERS = ("authorization", "content-type", "idempotency-key", "x-csrftoken")
DEAF_BACKENDS = ("console", "dummy", "locmem", "filebased")
SECRET_LENGTH, SECRET_VARIETY = 50, 5  # as Django's own check has it
CLOCKS_APART = timedelta(seconds=30)


def find_faults(*, origin: str, api: str | None) -> list[str]:
    """Why a till on `origin` cannot sign in, or not well: by our settings and our database, and by what answers at
    `api` if it is named."""
    found = [*judge_settings(origin=origin, api=api), *examine_database()]
    return [*found, *probe.examine_api(origin=origin, api=api)] if api else found


# --- Settings ---------------------------------------------------------------------------------------------------------


def judge_settings(*, origin: str, api: str | None) -> list[str]:
    """What in the settings keeps a till on `origin` from signing in at `api`, else at the hosts that we answer to."""
    return [
        *_judge_origin(origin),
        *_judge_cors(),
        *_judge_hosts(api),
        *_judge_cookies(origin, [api] if api else _own_addresses()),
        *(_judge_plain_http(origin, api) if api else ()),
        *_judge_secrets(),
        *_judge_mail(),
    ]


def _judge_origin(origin: str) -> Iterator[str]:
    if origin not in settings.TILL_ORIGINS:
        near = next(filter(None, (_near_miss(listed, origin) for listed in settings.TILL_ORIGINS)), None)
        listed = ",".join([*settings.TILL_ORIGINS, origin])
        yield near or f"The origin {origin} is not in TILL_ORIGINS: set TILL_ORIGINS={listed}."
        return
    for name in ("CORS_ALLOWED_ORIGINS", "CSRF_TRUSTED_ORIGINS"):
        if origin not in getattr(settings, name):
            yield f"{name} lacks {origin}, which TILL_ORIGINS has: let it be TILL_ORIGINS in app/settings.py."


def _near_miss(listed: str, origin: str) -> str | None:
    wanted = f"TILL_ORIGINS has {listed}, but the browser says {origin}"
    meant = read_origin(listed) or read_origin(f"{urlsplit(origin).scheme}://{listed}")
    if meant is None or host_of(meant) != host_of(origin):
        return None
    if meant == origin:
        return f"{wanted}: write it just so, with the scheme and without a slash, a path or the usual port."
    parts = ("scheme", "port") if urlsplit(meant).scheme != urlsplit(origin).scheme else ("port", "")
    return f"{wanted}: the {parts[0]} is another one, so add {origin}."


def _judge_cors() -> Iterator[str]:
    if checks.check_cors():
        yield "CORS lets any origin in with credentials: list the tills in TILL_ORIGINS, without wildcards."
    if not settings.CORS_ALLOW_CREDENTIALS:
        yield "CORS allows no credentials, so cookies do not come through: set CORS_ALLOW_CREDENTIALS to True."
    missing = [name for name in NEEDED_HEADERS if name not in settings.CORS_ALLOW_HEADERS]
    if missing:
        yield f"CORS does not allow the headers {', '.join(missing)}: add them to CORS_ALLOW_HEADERS."


def _judge_hosts(api: str | None) -> Iterator[str]:
    hosts = settings.ALLOWED_HOSTS
    if api and not validate_host(host_of(api), [host.strip("[]") for host in hosts]):
        yield f"ALLOWED_HOSTS lacks {host_of(api)}, where the till looks for the API: add it."
    if (
        not api
        and not settings.DEBUG
        and all(is_loopback(address) for address in _own_addresses())
        and "*" not in hosts
    ):
        yield "ALLOWED_HOSTS has no name by which a till on another machine could reach the API: add it."


def _own_addresses() -> list[str]:
    scheme = "https" if settings.SESSION_COOKIE_SECURE or settings.SECURE_SSL_REDIRECT else "http"
    return [f"{scheme}://{host.lstrip('.')}" for host in settings.ALLOWED_HOSTS if host != "*"]


def _judge_cookies(origin: str, addresses: list[str]) -> Iterator[str]:
    policies = {settings.SESSION_COOKIE_SAMESITE, settings.CSRF_COOKIE_SAMESITE}
    is_secure = settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE
    if addresses and not any(is_same_site(origin, address) for address in addresses) and policies != {"None"}:
        yield (
            f"{origin} is another site than the API's {addresses[0]}, to which browsers then send no cookies:"
            " set CROSS_SITE_COOKIES=true and serve both by https, or sign in by token."
        )
    if "None" in policies and not is_secure:
        yield "Browsers drop cookies of SameSite=None that are not Secure: CROSS_SITE_COOKIES=true makes them both."
    plain = next(filter(is_plain, addresses), None)
    if plain and is_secure:
        yield (
            f"The cookies are Secure, so browsers drop those that come from {plain}: serve it by https;"
            " for development, DEBUG=true without CROSS_SITE_COOKIES makes them plain."
        )


def _judge_plain_http(origin: str, api: str) -> Iterator[str]:
    if not is_plain(api):
        return
    if origin.startswith("https:"):
        yield f"A page on {origin} may not call {api}, which is plain http: serve the API by https."
    elif settings.SECURE_SSL_REDIRECT:
        yield f"SECURE_SSL_REDIRECT sends {api} on to https, which no preflight follows: call the API by https."


def _judge_secrets() -> Iterator[str]:
    key = settings.SECRET_KEY
    is_weak = len(key) < SECRET_LENGTH or len(set(key)) < SECRET_VARIETY or key.startswith("django-insecure-")
    if is_weak:
        yield f"SECRET_KEY could be guessed, and with it every token forged: set {SECRET_LENGTH} random characters."


def _judge_mail() -> Iterator[str]:
    if settings.DEBUG:
        return
    backend = settings.MAIL_BACKEND.split(".")[-2]
    if backend in DEAF_BACKENDS:
        yield f"Mails go to the {backend} and to nobody, nor does a link to reset a password: set EMAIL_URL."
    if not settings.TILL_URL:
        yield "The links in mails lead nowhere: set TILL_URL to the till's address."


# --- The database -----------------------------------------------------------------------------------------------------


def examine_database() -> list[str]:
    """Whether the database answers the web's role, binds it, has every migration, what its clock says, and whether what
    is sealed in it can be opened."""
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            theirs: Any = cursor.fetchone()[0]
        found = [*judge_clock(timezone.now(), theirs=theirs)]
        found += [f"The web's role {problem}: run manage.py provision." for problem in checks.role_problems("default")]
        missing = health.unapplied_migrations()
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        return [f"The database does not answer: check DATABASE_URL and MAKOLA_APP_PASSWORD ({reason})."]
    if missing:
        found.append(f"{len(missing)} migrations are not applied: run manage.py migrate --database owner.")
    return [*found, *_find_lost_secrets()]


def _find_lost_secrets() -> Iterator[str]:
    keys = Integration.across_accounts.using(STAFF).values_list("sealed", flat=True)
    factors = User.across_accounts.using(STAFF).exclude(totp_key="").values_list("totp_key", flat=True)
    try:
        lost = sum(not vault.is_readable(sealed) for sealed in [*keys, *factors])
    except DatabaseError:
        return  # whoever has not the staff's password sees no secrets, nor whether they can be read
    if lost:
        yield (
            f"{lost} of the second factors and keys to providers were sealed under a key that SEALING_KEYS no longer"
            " lists: add it, behind the one in use; a SECRET_KEY of before may be it."
        )


def judge_clock(ours: datetime, *, theirs: datetime) -> Iterator[str]:
    apart = ours - theirs
    if abs(apart) > CLOCKS_APART:
        side = "ahead of" if apart > timedelta() else "behind"
        yield (
            f"This machine's clock is {abs(apart).total_seconds():.0f} seconds {side} the database's, so that sessions"
            " end too soon or too late: let both keep time by NTP."
        )
