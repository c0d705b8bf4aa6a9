"""The people of a business as tests need them: in every role, invited, gone."""

import re
from typing import Any
from uuid import UUID

from django.core import mail

from accounts import services
from accounts.models import Invitation, Membership
from accounts.roles import Role
from core import vault
from tests.accounts.tills import client
from tests.conftest import PASSWORD, Shop

MEMBERSHIPS = "/api/v1/accounts/memberships/"
INVITATIONS = "/api/v1/accounts/invitations/"
OFFERS = "/api/v1/accounts/auth/invitations/"


def seat_of(member: Membership) -> str:
    return f"{MEMBERSHIPS}{member.pk}/"


def hire(shop: Shop, role: str, name: str = "Kwame") -> Membership:
    """One more member of the business."""
    with shop.inside():
        return services.add_member(
            account=shop.account,
            name=name,
            email=f"{name}.{role}@x.example".lower(),
            password=PASSWORD,
            role=Role(role),
        )


def leave(shop: Shop, member: Membership) -> None:
    """The member's seat is closed; the person is free."""
    with shop.inside():
        services.deactivate_member(by=shop.owner, member=shop.account.memberships.get(pk=member.pk))


def now(shop: Shop, member: Membership) -> Membership:
    """The seat as it stands now."""
    with shop.inside():
        return shop.account.memberships.get(pk=member.pk)


def roles_of(shop: Shop) -> dict[UUID, tuple[str, bool]]:
    with shop.inside():
        return {seat.pk: (seat.role, seat.is_active) for seat in shop.account.memberships.all()}


def invite(shop: Shop, email: str, role: str = "CASHIER", **more: Any) -> str:
    """The token of a fresh invitation. Its mail, which holds it, is sent after the commit only."""
    with shop.inside():
        invitation = services.invite(by=shop.owner, email=email, role=role, **more)
        return renew(invitation)


def renew(invitation: Invitation) -> str:
    token = vault.mint(invitation.account_id)
    invitation.token_hash = vault.digest(token)
    invitation.save(update_fields=["token_hash"])
    return token


def accept(token: str, *, name: str = "Esi", password: str = PASSWORD, **more: Any) -> Any:
    return client().post(f"{OFFERS}{token}/accept/", {"name": name, "password": password, **more})


def mailed_token() -> str:
    return re.search(r"token=([\w-]+)", mail.outbox[-1].body)[1]
