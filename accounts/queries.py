"""Who is asking: one statement finds user, account, membership, session, switches, subscription and plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, models
from django.utils import timezone

from accounts.errors import CredentialInvalid
from accounts.models import Account, Device, Membership, Session, User
from accounts.models.session import LIFETIMES
from accounts.tokens import Credential
from core import tenancy


@dataclass(frozen=True)
class Identity:
    """A user as they stand now. The account bears its switches and its subscription, the membership its places and the
    session."""

    user: User
    account: Account
    membership: Membership | None
    session: Session | None


def recognise(credential: Credential) -> tuple[Identity, Session]:
    """Who a credential stands for, by which session. Raises CredentialInvalid for the gone, inactive and ended."""
    identity = identify(credential.user_id, session_id=credential.session_id, presumed_account_id=credential.account_id)
    if identity is None or identity.session is None or not identity.user.is_active:
        raise CredentialInvalid
    if not identity.session.holds(identity.user, now=timezone.now()):
        raise CredentialInvalid
    return identity, identity.session


def identify(
    user_id: UUID, *, session_id: UUID | None = None, presumed_account_id: UUID | None = None
) -> Identity | None:
    """The identity of a user, with the open transaction turned into one of the user's current account.

    The account that a token or session remembers only saves a statement: who has moved is looked up where they are.
    """
    if presumed_account_id:
        tenancy.enter(presumed_account_id)
        if identity := _find(user_id, session_id):
            return identity
    account_id = _account_of(user_id)
    if account_id is None:
        return None
    tenancy.enter(account_id)
    return _find(user_id, session_id)


def standing(*, now: datetime) -> models.Q:
    """Sessions that are neither too old nor left alone."""
    in_use = models.Q()
    for kind, lifetime in LIFETIMES.items():
        in_use |= models.Q(kind=kind, last_seen_at__gt=now - lifetime.idle)
    return in_use & models.Q(expires_at__gt=now)


def places_of(member: Membership) -> frozenset[UUID]:
    """The places of a member who is limited to some; none is named for who works everywhere."""
    return frozenset(member.location_members.values_list("location_id", flat=True) if member.is_limited else ())


def find_login(email: str) -> User | None:
    """The user who signs in with this canonical address, seen before any account is known."""
    tenancy.reveal("app.login", email)
    return User.across_accounts.filter(email=email).first()


def _account_of(user_id: UUID) -> UUID | None:
    tenancy.reveal("app.user_id", str(user_id))
    found = User.across_accounts.filter(pk=user_id).values_list("account_id", flat=True)
    return found.first()


def _find(user_id: UUID, session_id: UUID | None) -> Identity | None:
    with connection.cursor() as cursor:
        cursor.execute(_statement(), [session_id, user_id])
        row = cursor.fetchone()
    if row is None:
        return None
    location_ids, *columns = row
    user, account, membership, session, device, modules, subscription, plan, next_plan = _instances(columns)
    user.account = account
    if session:
        session.account, session.user, session.device = account, user, device
    if membership:
        membership.account, membership.user, membership.session = account, user, session
        membership.location_ids = frozenset(location_ids or ())
    if subscription:
        subscription.account, subscription.plan, subscription.next_plan = account, plan, next_plan
    if modules:
        modules.account = account
    Account._meta.get_field("subscription").set_cached_value(account, subscription)
    Account._meta.get_field("module_settings").set_cached_value(account, modules)
    return Identity(user=user, account=account, membership=membership, session=session)


@cache
def _tables() -> tuple[tuple[str, type[models.Model]], ...]:
    """What each is called in the statement."""
    # Switches and subscriptions live on higher floors and are reached by name.
    modules: Any = Account._meta.get_field("module_settings").related_model
    subscription: Any = Account._meta.get_field("subscription").related_model
    plan: Any = subscription._meta.get_field("plan").related_model
    found = User, Account, Membership, Session, Device, modules, subscription, plan
    return *((model._meta.db_table, model) for model in found), ("next_plans", plan)


@cache
def _statement() -> str:
    user, account, member, session, device, modules, subscription, plan, next_plan = (name for name, _ in _tables())
    places: Any = Membership._meta.get_field("location_members").related_model
    columns = ", ".join(
        f'{name}."{field.column}"' for name, model in _tables() for field in model._meta.concrete_fields
    )
    return (
        f"SELECT CASE WHEN {member}.is_limited THEN ARRAY(SELECT p.location_id FROM {places._meta.db_table} p"
        f" WHERE p.account_id = {member}.account_id AND p.member_id = {member}.id) END, {columns} FROM {user}"
        f" JOIN {account} ON {account}.id = {user}.account_id"
        f" LEFT JOIN {member} ON {member}.account_id = {account}.id AND {member}.user_id = {user}.id"
        f" LEFT JOIN {session} ON {session}.account_id = {account}.id AND {session}.user_id = {user}.id"
        f" AND {session}.id = %s"
        f" LEFT JOIN {device} ON {device}.account_id = {account}.id AND {device}.id = {session}.device_id"
        f" LEFT JOIN {modules} ON {modules}.account_id = {account}.id"
        f" LEFT JOIN {subscription} ON {subscription}.account_id = {account}.id"
        f" LEFT JOIN {plan} ON {plan}.id = {subscription}.plan_id"
        f" LEFT JOIN {plan} {next_plan} ON {next_plan}.id = {subscription}.next_plan_id"
        f" WHERE {user}.id = %s"
    )


class _Slice(NamedTuple):
    """Where in the row the columns of a model stand."""

    model: type[models.Model]
    names: list[str]
    columns: slice
    key: int
    converted: list[tuple[int, Any]]  # the fields whose values the driver leaves as they are stored: JSON


@cache
def _layout() -> tuple[_Slice, ...]:
    slices, start = [], 0
    for _, model in _tables():
        fields = model._meta.concrete_fields
        key = start + [field.primary_key for field in fields].index(True)
        names = [field.attname for field in fields]
        converted = [(at, field) for at, field in enumerate(fields) if isinstance(field, models.JSONField)]
        slices.append(_Slice(model, names, slice(start, start + len(fields)), key, converted))
        start += len(fields)
    return tuple(slices)


def _instances(row: Sequence[Any]) -> list[Any]:
    return [None if row[each.key] is None else _instance(each, row) for each in _layout()]


def _instance(part: _Slice, row: Sequence[Any]) -> models.Model:
    values = list(row[part.columns])
    for at, field in part.converted:
        values[at] = field.from_db_value(values[at], None, connection)
    return part.model.from_db("default", part.names, values)
