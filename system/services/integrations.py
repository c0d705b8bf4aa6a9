"""A business's own keys to providers: kept sealed, changed, removed, tried, and sealed anew when our key changes."""

import json
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Membership, User
from core import errors, limits, tenancy, vault
from core.tenancy import STAFF
from system import integrations, queue
from system.errors import CheckUnavailable, IntegrationMissing
from system.models import CheckState, Integration

_KEY = re.compile(r"[!-~]{1,500}", re.ASCII)  # fit for a header
_HINT = 4  # letters
_TOO_SHORT = 12  # to show the end of it


def change_integration(*, by: Membership, provider: str, keys: Mapping[str, str]) -> Integration:
    """Keep the account's own keys to a provider, instead of those that were there; they are used from now on.

    Raises InvalidInput for a key that is missing, unknown, or none.
    """
    _refuse_misshapen(provider, keys)
    secret = keys[integrations.SHAPES[provider].names[0]]
    row = _lock(by, provider) or Integration(account=by.account, provider=provider, version=0)
    row.sealed = vault.seal(json.dumps(dict(keys)))
    row.hint = secret[-_HINT:] if len(secret) >= _TOO_SHORT else ""
    row.check_state, row.checked_at, row.changed_at = "", None, timezone.now()
    row.version += 1
    row.save()
    accounts.record(by=by, action="integration.changed", subject=row, after={"provider": provider})
    return row


def remove_integration(*, by: Membership, provider: str) -> None:
    """Do without own keys; the platform's are used, if there are any. Raises IntegrationMissing."""
    row = _required(by, provider)
    accounts.record(by=by, action="integration.removed", subject=row, before={"provider": provider})
    row.delete()


def check_integration(*, by: Membership, provider: str) -> Integration:
    """Have the provider asked, in the background, whether it takes the keys.

    Raises IntegrationMissing where the account has none of its own, KeysUnreadable, CheckUnavailable, TooManyTries.
    """
    row = _required(by, provider)
    integrations.keys_in(row)
    if not integrations.can_be_checked(provider):
        raise CheckUnavailable(provider=provider)
    limits.hit("integration_check", by.account_id)
    row.check_state, row.checked_at = CheckState.ASKED, None
    row.save(update_fields=["check_state", "checked_at"])
    accounts.record(by=by, action="integration.checked", subject=row, after={"provider": provider})
    queue.defer_check(row)
    return row


def run_check(*, account_id: UUID, integration_id: UUID) -> None:
    """Ask the provider between two transactions, and note what it said; not of keys that were changed meanwhile."""
    with tenancy.scope(account_id):
        row = _rows(account_id, integration_id).first()
    if row is None:
        return
    state = integrations.ask(row.provider, integrations.keys_in(row))
    with tenancy.scope(account_id):
        _rows(account_id, integration_id).filter(version=row.version).update(
            check_state=state, checked_at=timezone.now()
        )


def reseal_secrets() -> int:
    """Seal all that is sealed, in every account, under the first of `SEALING_KEYS`; how many there were to do.

    Afterwards the others can be taken off the list, but for the links that bear what they sealed.
    """
    kept: list[tuple[QuerySet[Any], str]] = [
        (Integration.across_accounts.using(STAFF), "sealed"),
        (User.across_accounts.using(STAFF).exclude(totp_key=""), "totp_key"),
    ]
    return sum(_reseal(rows, name, pk) for rows, name in kept for pk in list(rows.values_list("pk", flat=True)))


def _reseal(rows: QuerySet[Any], name: str, pk: UUID) -> bool:
    with transaction.atomic(using=STAFF):
        row = rows.select_for_update(no_key=True).filter(pk=pk).first()
        if row is None or vault.is_fresh(getattr(row, name)):
            return False
        setattr(row, name, vault.seal(vault.unseal(getattr(row, name))))
        row.save(update_fields=[name])
        return True


def _rows(account_id: UUID, pk: UUID) -> tenancy.OwnedQuerySet:
    found: tenancy.OwnedQuerySet = Integration.across_accounts.filter(account_id=account_id, pk=pk)
    return found


def _lock(by: Membership, provider: str) -> Integration | None:
    accounts.lock_account(by.account)  # of two who bring keys at once, the second changes those of the first
    row: Integration | None = by.account.integrations.filter(provider=provider).first()
    return row


def _required(by: Membership, provider: str) -> Integration:
    row = _lock(by, provider)
    if row is None:
        raise IntegrationMissing(provider=provider)
    return row


def _refuse_misshapen(provider: str, keys: Mapping[str, str]) -> None:
    wanted = integrations.SHAPES[provider].names
    found = [
        errors.FieldError(f"keys.{name}", "required", "This field is required.") for name in wanted if name not in keys
    ]
    for name, value in keys.items():
        if name not in wanted:
            found.append(errors.FieldError(f"keys.{name}", "unknown_field", "There is no such field."))
        elif not _KEY.fullmatch(value):
            found.append(errors.FieldError(f"keys.{name}", "invalid", "This is no key: give it without spaces."))
    if found:
        raise errors.InvalidInput(errors=found)
