"""The writers of accounts, people, their credentials and the history."""

from accounts.services.business import change_account, open_account
from accounts.services.credentials import (
    change_password,
    confirm_reset,
    request_reset,
    request_verification,
)
from accounts.services.devices import (
    add_device,
    change_device,
    change_pin,
    dismiss_approver_elsewhere,
    find_approver,
    find_device,
    remove_pin,
    sign_in_by_pin,
)
from accounts.services.erasure import erase, erase_member
from accounts.services.history import Line, change, record, record_all, set_changes
from accounts.services.invitations import (
    accept_invitation,
    find_invitation,
    invite,
    resend_invitation,
    revoke_invitation,
)
from accounts.services.members import (
    add_member,
    change_member,
    deactivate_member,
    hand_over_business,
    leave_business,
    lock_account,
    reactivate_member,
)
from accounts.services.mfa import begin_totp, change_recovery_codes, confirm_totp, remove_mfa
from accounts.services.orphans import find_orphans, repair_orphans
from accounts.services.reference import add_reference, change_reference
from accounts.services.registration import register_business, verify_email
from accounts.services.repairs import Repair, repair_rows
from accounts.services.sessions import (
    end_session,
    end_sessions,
    open_session,
    refresh_session,
    refuse_other_device,
    revoke_refresh,
    sign_in,
    touch_session,
)
from accounts.services.staff import (
    act_for,
    add_staff,
    is_on_duty,
    offer_reset,
    remove_staff,
    renew_staff_mfa,
    seat_orphan,
    sign_in_staff,
    take_mfa,
)
from accounts.services.takeout import take_out_account

__all__ = [
    "Line",
    "Repair",
    "accept_invitation",
    "act_for",
    "add_device",
    "add_member",
    "add_reference",
    "add_staff",
    "begin_totp",
    "change",
    "change_account",
    "change_device",
    "change_member",
    "change_password",
    "change_pin",
    "change_recovery_codes",
    "change_reference",
    "confirm_reset",
    "confirm_totp",
    "deactivate_member",
    "dismiss_approver_elsewhere",
    "end_session",
    "end_sessions",
    "erase",
    "erase_member",
    "find_approver",
    "find_device",
    "find_invitation",
    "find_orphans",
    "hand_over_business",
    "invite",
    "is_on_duty",
    "leave_business",
    "lock_account",
    "offer_reset",
    "open_account",
    "open_session",
    "reactivate_member",
    "record",
    "record_all",
    "refresh_session",
    "refuse_other_device",
    "register_business",
    "remove_mfa",
    "remove_pin",
    "remove_staff",
    "renew_staff_mfa",
    "repair_orphans",
    "repair_rows",
    "request_reset",
    "request_verification",
    "resend_invitation",
    "revoke_invitation",
    "revoke_refresh",
    "seat_orphan",
    "set_changes",
    "sign_in",
    "sign_in_by_pin",
    "sign_in_staff",
    "take_mfa",
    "take_out_account",
    "touch_session",
    "verify_email",
]
