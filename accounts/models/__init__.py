from accounts.models.account import Account
from accounts.models.audit import AuditEvent
from accounts.models.invitation import Invitation
from accounts.models.membership import Membership
from accounts.models.session import Device, Session, SessionKind
from accounts.models.user import User, canonical_email

__all__ = [
    "Account",
    "AuditEvent",
    "Device",
    "Invitation",
    "Membership",
    "Session",
    "SessionKind",
    "User",
    "canonical_email",
]
