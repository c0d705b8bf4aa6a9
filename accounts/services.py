"""The writers of accounts, people and history."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import password_validation
from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.module_loading import import_string

from accounts import countries, queries
from accounts.errors import WeakPassword, WrongCredentials
from accounts.models import Account, AuditEvent, Membership, User, canonical_email
from accounts.roles import Role
from core.errors import FieldError


def open_account(
    *,
    account_id: UUID,
    business_name: str,
    name: str,
    email: str,
    password: str,
    country: str,
    currency: str | None = None,
    time_zone: str | None = None,
    request_id: str = "",
) -> Membership:
    """A new business with its owner and what `ACCOUNT_SETUP` names. Stand in `scope(account_id)`: the id comes first.

    Currency and time zone are the country's, where it has one. Raises InvalidInput where it has not, WeakPassword; the
    constraint `one_user_per_email` refuses a person who is here already.
    """
    account = Account.across_accounts.create(
        id=account_id,
        name=business_name,
        country=country,
        currency=currency or countries.usual_currency(country),
        time_zone=time_zone or countries.only_time_zone(country),
    )
    owner = add_member(account=account, name=name, email=email, password=password, role=Role.OWNER)
    owner.request_id = request_id
    record(by=owner, action="account.opened", subject=account, after={"name": business_name})
    for step in settings.ACCOUNT_SETUP:
        import_string(step)(by=owner)
    return owner


def add_member(*, account: Account, name: str, email: str, password: str, role: Role) -> Membership:
    """A new person with a seat. Raises WeakPassword."""
    user = User(account=account, email=canonical_email(email), name=name)
    _check_password(password, user)
    user.set_password(password)
    user.save(force_insert=True)
    member: Membership = account.memberships.create(user=user, name=name, role=role)
    return member


def change_account(*, by: Membership, account: Account, **changes: Any) -> Account:
    """Change the business's own facts; `account` is locked."""
    change(by=by, row=account, changes=changes)
    return account


def sign_in(*, email: str, password: str) -> User:
    """The user of these credentials. Raises WrongCredentials, after the same work, for an address that is unknown."""
    with transaction.atomic():
        user = queries.find_login(canonical_email(email))
    if user is None:
        make_password(password)
        raise WrongCredentials
    if not check_password(password, user.password) or not user.is_active:
        raise WrongCredentials
    return user


def record(
    *,
    by: Membership,
    action: str,
    subject: models.Model,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add a line to the account's history."""
    AuditEvent.across_accounts.bulk_create(
        [
            AuditEvent(
                account_id=by.account_id,
                by=by,
                action=action,
                subject=str(subject._meta.model_name),
                subject_id=subject.pk,
                before=before or {},
                after=after or {},
                request_id=by.request_id,
            )
        ]
    )


def change(*, by: Membership, row: Any, changes: Mapping[str, Any]) -> None:
    """Write changed fields and the next version of a locked row, and leave what was and what is in the history."""
    before = {name: getattr(row, name) for name in changes}
    changed = {name: value for name, value in changes.items() if value != before[name]}
    if not changed:
        return
    for name, value in changed.items():
        setattr(row, name, value)
    row.version += 1
    row.save(update_fields=[*changed, "version"])
    record(
        by=by,
        action=f"{row._meta.model_name}.changed",
        subject=row,
        before={name: _plain(before[name]) for name in changed},
        after={name: _plain(value) for name, value in changed.items()},
    )


def _plain(value: Any) -> Any:
    return value.pk if isinstance(value, models.Model) else value


def _check_password(password: str, user: User) -> None:
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        reasons = [FieldError("password", str(e.code), str(e.messages[0])) for e in error.error_list]
        raise WeakPassword(errors=reasons) from error
