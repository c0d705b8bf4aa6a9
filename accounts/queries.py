"""Who is asking: one statement finds user, account, membership, subscription and plan."""

from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection, models

from accounts import tokens
from accounts.errors import CredentialInvalid
from accounts.models import Account, Membership, User
from accounts.tokens import Credential
from core import tenancy


@dataclass(frozen=True)
class Identity:
    """A user as they stand now. The account bears its subscription; a user without a seat has no membership."""

    user: User
    account: Account
    membership: Membership | None


def recognise(credential: Credential) -> Identity:
    """Who a credential stands for. Raises CredentialInvalid for the gone, the inactive and after a new password."""
    identity = identify(credential.user_id, presumed_account_id=credential.account_id)
    if identity is None or not identity.user.is_active or not tokens.holds(credential, identity.user):
        raise CredentialInvalid
    return identity


def identify(user_id: UUID, *, presumed_account_id: UUID | None) -> Identity | None:
    """The identity of a user, with the open transaction turned into one of the user's current account.

    The account that a token or session remembers only saves a statement: who has moved is looked up where they are.
    """
    if presumed_account_id:
        tenancy.enter(presumed_account_id)
        if identity := _find(user_id):
            return identity
    account_id = _account_of(user_id)
    if account_id is None:
        return None
    tenancy.enter(account_id)
    return _find(user_id)


def find_login(email: str) -> User | None:
    """The user who signs in with this canonical address, seen before any account is known."""
    tenancy.reveal("app.login", email)
    return User.across_accounts.filter(email=email).first()


def _account_of(user_id: UUID) -> UUID | None:
    tenancy.reveal("app.user_id", str(user_id))
    found = User.across_accounts.filter(pk=user_id).values_list("account_id", flat=True)
    return found.first()


def _find(user_id: UUID) -> Identity | None:
    with connection.cursor() as cursor:
        cursor.execute(_statement(), [user_id])
        row = cursor.fetchone()
    if row is None:
        return None
    user, account, membership, subscription, plan = _instances(row)
    user.account = account
    if membership:
        membership.account, membership.user = account, user
    if subscription:
        subscription.account, subscription.plan = account, plan
    Account._meta.get_field("subscription").set_cached_value(account, subscription)
    return Identity(user=user, account=account, membership=membership)


@cache
def _tables() -> tuple[type[models.Model], ...]:
    # The subscription lives on a higher floor and is reached by name.
    subscription: Any = Account._meta.get_field("subscription").related_model
    plan: Any = subscription._meta.get_field("plan").related_model
    return User, Account, Membership, subscription, plan


@cache
def _statement() -> str:
    users, accounts, memberships, subscriptions, plans = _tables()
    columns = ", ".join(
        f'{model._meta.db_table}."{field.column}"' for model in _tables() for field in model._meta.concrete_fields
    )
    user, account, member = (m._meta.db_table for m in (users, accounts, memberships))
    subscription, plan = subscriptions._meta.db_table, plans._meta.db_table
    return (
        f"SELECT {columns} FROM {user}"
        f" JOIN {account} ON {account}.id = {user}.account_id"
        f" LEFT JOIN {member} ON {member}.account_id = {account}.id AND {member}.user_id = {user}.id"
        f" LEFT JOIN {subscription} ON {subscription}.account_id = {account}.id"
        f" LEFT JOIN {plan} ON {plan}.id = {subscription}.plan_id"
        f" WHERE {user}.id = %s"
    )


def _instances(row: tuple[Any, ...]) -> list[Any]:
    found, start = [], 0
    for model in _tables():
        fields = model._meta.concrete_fields
        values = row[start : start + len(fields)]
        start += len(fields)
        is_there = values[[field.primary_key for field in fields].index(True)] is not None
        found.append(model.from_db("default", [field.attname for field in fields], values) if is_there else None)
    return found
