"""Registration. Where the address has to be verified first, nothing is stored: the mailed link bears it, sealed."""

import json
from typing import Any

from django.conf import settings
from django.db import transaction
from uuid_utils.compat import uuid7

from accounts import countries, mails, queries
from accounts.errors import LinkInvalid, WrongCredentials
from accounts.models import Membership, User, canonical_email
from accounts.services.business import open_account
from accounts.services.credentials import send_verification, verify_login
from accounts.services.passwords import matches, set_password
from core import limits, tenancy, vault


def register_business(
    *,
    email: str,
    password: str,
    country: str,
    currency: str | None = None,
    time_zone: str | None = None,
    request_id: str = "",
    **names: Any,
) -> Membership | None:
    """Open a business for a stranger; or have the address verified first, and return None.

    Currency and time zone are the country's, where it has one. Who has a login already is then told so by mail only: to
    the stranger the answer is the same, after the same work. With `ACCOUNT_EMAIL_VERIFICATION=optional` the
    constraint's refusal is the answer. Raises InvalidInput where the country does not say, WeakPassword, TooManyTries.
    """
    facts = {
        **names,
        "email": canonical_email(email),
        "country": country,
        "currency": currency or countries.usual_currency(country),
        "time_zone": time_zone or countries.only_time_zone(country),
    }
    if settings.ACCOUNT_EMAIL_VERIFICATION == "required":
        _mail_registration(facts, password)
        return None
    with tenancy.scope(account_id := uuid7()):
        owner = open_account(account_id=account_id, password=password, request_id=request_id, **facts)
        send_verification(owner.user)
    return owner


def verify_email(*, token: str, password: str, request_id: str = "") -> None:
    """Take the address as its owner's, and open the business that waits for it.

    The password is that of the registration: whoever registered somebody else's address gets nothing of their clicking
    on the link. Raises LinkInvalid, WrongCredentials, WeakPassword, TooManyTries.
    """
    facts = _unsealed(token)
    if facts is None:
        verify_login(token=token, password=password)
        return
    limits.hit("login", facts["email"], "registration")
    if not matches(password, facts.pop("password")):
        raise WrongCredentials
    if _is_here(facts["email"]):
        raise LinkInvalid
    with tenancy.scope(account_id := uuid7()):
        open_account(account_id=account_id, password=password, is_verified=True, request_id=request_id, **facts)


def _mail_registration(facts: dict[str, Any], password: str) -> None:
    email = facts["email"]
    limits.hit("mail", "registration", email)
    user = User(email=email, name=facts["name"])
    set_password(user, password)
    token = vault.seal(json.dumps({**facts, "password": user.password})).rstrip("=")
    if _is_here(email):
        mails.tell_of_second_registration(email)
    else:
        mails.ask_to_verify(email, token)


def _is_here(email: str) -> bool:
    with transaction.atomic():
        return queries.find_login(email) is not None


def _unsealed(token: str) -> dict[str, Any] | None:
    """What was registered, not too long ago; None for what is no such link."""
    try:
        sealed = token + "=" * (-len(token) % 4)
        facts: dict[str, Any] = json.loads(vault.unseal(sealed, seconds=settings.PASSWORD_RESET_TIMEOUT))
    except ValueError:
        return None
    return facts
