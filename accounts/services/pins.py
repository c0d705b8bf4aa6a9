"""What becomes of a PIN that is set or taken away."""

from accounts.models import Membership, SessionKind
from accounts.services.history import record
from core import limits


def put_pin(*, by: Membership, member: Membership, pin: str) -> None:
    """Keep this hash, or none, and end what was begun by the one before."""
    if not (pin or member.pin):
        return
    member.pin = pin
    member.save(update_fields=["pin"])
    if member.user_id:
        by.account.sessions.filter(user_id=member.user_id, kind=SessionKind.PIN).delete()
    limits.forget("pin_member", member.account_id, member.pk)  # whatever was tried, was tried of another
    record(by=by, action="pin.changed" if pin else "pin.removed", subject=member)
