"""Erasure: a person is forgotten; what was sold, paid and done stays, without a name."""

from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db.models import Q
from django.utils import timezone

from accounts.errors import StillSeated
from accounts.models import Invitation, Membership, User
from accounts.services.history import record
from accounts.services.members import refuse_beyond
from accounts.services.sessions import end_sessions

NOBODY = "Erased person"


def erase(*, by: Membership, row: Any, **instead: Any) -> None:
    """Empty the personal fields of a locked row, or put in what is given instead; the history says so once.

    Answers that are kept for a retry and show the row go too: the retry would be told what is forgotten.
    """
    empty = {name: None if row._meta.get_field(name).null else "" for name in row.PERSONAL}
    changed = {name: value for name, value in {**empty, **instead}.items() if value != getattr(row, name)}
    by.account.idempotency_keys.filter(body__contains=f'"id":"{row.pk}"').delete()
    if not changed:
        return
    for name, value in changed.items():
        setattr(row, name, value)
    if hasattr(row, "version"):
        row.version += 1
        changed["version"] = row.version
    row.save(update_fields=list(changed))
    record(by=by, action=f"{row._meta.model_name}.erased", subject=row)


def erase_member(*, by: Membership, member: Membership) -> Membership:
    """Forget the person of an inactive seat: name and address, login, PIN, sessions, invitations. The seat stays.

    Who has moved on keeps the login, which is no longer this business's. Raises StillSeated, CapabilityMissing for a
    role beyond one's own.
    """
    email = member.user.email if member.user else None
    # Locked in the order in which accepting an invitation locks them.
    invitations = list(by.account.invitations.locked().filter(Q(member=member) | Q(email=email)))
    users = by.account.users.select_for_update(no_key=True)
    user = users.filter(pk=member.user_id).first() if member.user_id else None
    seat: Membership = by.account.memberships.locked().get(pk=member.pk)
    refuse_beyond(by, seat.role)
    if seat.is_active:
        raise StillSeated
    for invitation in invitations:
        if invitation.is_open:
            refuse_beyond(by, invitation.role)
        _erase_invitation(by=by, invitation=invitation)
    if user:
        _erase_user(by=by, user=user)
    erase(by=by, row=seat, name=NOBODY, pin="")
    return seat


def _erase_invitation(*, by: Membership, invitation: Invitation) -> None:
    revoked_at = timezone.now() if invitation.is_open else invitation.revoked_at
    erase(by=by, row=invitation, email=_address_of_nobody(invitation.pk), revoked_at=revoked_at)


def _erase_user(*, by: Membership, user: User) -> None:
    address = _address_of_nobody(user.pk)
    if user.email == address:
        return
    end_sessions(by=by, user_id=user.pk)
    erase(
        by=by,
        row=user,
        email=address,
        name=NOBODY,
        is_active=False,
        email_verified_at=None,
        password=make_password(None),
        totp_key="",
        totp_confirmed_at=None,
        totp_step=0,
        recovery_codes="",
    )


def _address_of_nobody(pk: UUID) -> str:
    return f"erased-{pk}@erased.invalid"
