from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models

from accounts import roles
from accounts.models.user import User
from core import tenancy

if TYPE_CHECKING:
    from accounts.models.session import Session


def not_limited(name: str) -> models.CheckConstraint:
    """Who may change seats could lift a limit, their own before all."""
    return models.CheckConstraint(
        condition=models.Q(is_limited=False) | ~models.Q(role__in=[roles.Role.OWNER, roles.Role.ADMIN]),
        name=name,
        violation_error_code="role_not_limited",
        violation_error_message="Owners and administrators are not limited to places.",
    )


class Membership(tenancy.AccountOwned):
    """A user's seat in an account: the actor, `by`, of every write.

    A person who moved to another business leaves the seat, its name and its history behind, without a user. When the
    platform's staff act on an account they sit in a seat of its own kind, with `staff` instead of a user.
    """

    PERSONAL = frozenset({"name"})
    SECRET = frozenset({"pin"})

    user = tenancy.OwnedKey(User, null=True, related_name="memberships")
    staff = models.ForeignKey(User, models.PROTECT, null=True, db_index=False, related_name="support_seats")
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=16, choices=roles.Role.choices)
    is_active = models.BooleanField(default=True)
    is_limited = models.BooleanField(default=False)  # to the places in `location_members`
    pin = models.CharField(max_length=128, blank=True)  # its hash
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    # How the member acts in one request; the middleware sets it.
    request_id = ""
    session: Session | None = None
    approver: Membership | None = None
    location_ids: frozenset[UUID] = frozenset()

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "business_memberships"
        default_related_name = "memberships"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("user"),
            models.UniqueConstraint(
                fields=["user"],
                name="one_user_one_business",
                violation_error_code="user_already_exists",
                violation_error_message="This person already belongs to a business.",
            ),
            models.UniqueConstraint(
                fields=["account", "staff"],
                name="one_support_seat",
                violation_error_code="support_seat_exists",
                violation_error_message="This member of staff has a seat here already.",
            ),
            models.CheckConstraint(
                condition=models.Q(user__isnull=False) | models.Q(staff__isnull=False) | models.Q(is_active=False),
                name="active_seat_has_user",
                violation_error_code="seat_without_user",
                violation_error_message="An active seat needs a user.",
            ),
            not_limited("who_governs_is_not_limited"),
            models.CheckConstraint(
                condition=models.Q(role__in=roles.Role.values),
                name="membership_role_known",
                violation_error_code="unknown_role",
                violation_error_message="There is no such role.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Say kindly what `one_user_one_business` would refuse. The other business is never named."""
        others = Membership.across_accounts.using(self._state.db or "default").filter(user=self.user_id)
        if self.user_id and others.exclude(pk=self.pk).exists():
            raise ValidationError("This person already belongs to a business.", code="user_already_exists")

    @property
    def is_by_pin(self) -> bool:
        return self.session is not None and self.session.is_by_pin

    @property
    def capabilities(self) -> frozenset[roles.Capability]:
        """What the member may alone; in a session begun by PIN only what belongs to the till."""
        if not self.is_active:
            return frozenset()
        held = roles.CAPABILITIES[roles.Role(self.role)]
        return held & roles.AT_THE_TILL if self.is_by_pin else held

    @property
    def limits(self) -> roles.Limits:
        """How far the member may go in one act, with the approver's help."""
        return self.own_limits.or_wider(self.approver.own_limits) if self.approver else self.own_limits

    @property
    def own_limits(self) -> roles.Limits:
        """How far the member may go alone, in this business."""
        return roles.limits_of(roles.Role(self.role), self.account.approval_limits if self.account_id else {})

    def may(self, capability: roles.Capability | str) -> bool:
        """Whether the member has the right, or the approver of this one act lends it."""
        return capability in self.capabilities or (
            self.approver is not None and capability in self.approver.capabilities & roles.APPROVABLE
        )

    def works_at(self, location_id: UUID) -> bool:
        return not self.is_limited or location_id in self.location_ids
