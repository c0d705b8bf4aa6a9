"""The people of a business, those it has invited, and the tills that they share."""

from typing import ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts import services
from accounts.api.serializers import people as serializers
from accounts.models import Account, Device, Invitation, Membership
from accounts.roles import Capability
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, Inputs


class MembershipViewSet(AccountViewSet):
    """The seats of the business, also those that were left."""

    read_capability = Capability.MEMBER_READ
    write_capability = Capability.MEMBER_CHANGE
    feature = "account"
    serializer_class = serializers.MemberSerializer
    input_classes: ClassVar[Inputs] = {"partial_update": serializers.MemberChange}

    def rows(self, account: Account) -> QuerySet[Membership]:
        seats: QuerySet[Membership] = account.memberships.filter(staff=None)
        seats = seats.select_related("user").order_by("name", "id")
        return seats.prefetch_related("location_members") if self.action == "list" else seats

    def get_locked_object(self) -> Membership:
        by = self.request.membership
        services.lock_account(by.account)
        if not by.staff_id:  # somebody may have taken the right away while this waited
            by.refresh_from_db(fields=["role", "is_active"])
            self.check_permissions(self.request)
        member: Membership = super().get_locked_object()
        return member

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        """Change a member's name, role, or the places they are limited to."""
        return self.act(services.change_member, member=self.get_locked_object)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def deactivate(self, request: AccountRequest, pk: str) -> Response:
        """Close the seat; its sessions end at once, its history stays."""
        return self.act(services.deactivate_member, member=self.get_locked_object)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def reactivate(self, request: AccountRequest, pk: str) -> Response:
        """Open a closed seat again, unless its person has moved on."""
        return self.act(services.reactivate_member, member=self.get_locked_object)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], url_path="hand-over", write_capability=Capability.OWNER_CHANGE)
    def hand_over(self, request: AccountRequest, pk: str) -> Response:
        """Make this member an owner in one's own place; oneself becomes an administrator."""
        return self.act(services.hand_over_business, member=self.get_locked_object)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], url_path="remove-pin")
    def remove_pin(self, request: AccountRequest, pk: str) -> Response:
        """Take the member's PIN away; they set a new one with their password."""
        return self.act(services.remove_pin, member=self.get_locked_object)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def erase(self, request: AccountRequest, pk: str) -> Response:
        """Forget the person of a closed seat: name, address, login. What they sold and did stays, without a name."""
        return self.act(services.erase_member, member=self.get_object)


class InvitationViewSet(AccountViewSet):
    read_capability = Capability.MEMBER_READ
    write_capability = Capability.MEMBER_CHANGE
    feature = "account"
    serializer_class = serializers.InvitationSerializer
    input_classes: ClassVar[Inputs] = {"create": serializers.InvitationInput}

    def rows(self, account: Account) -> QuerySet[Invitation]:
        return account.invitations.order_by("-id")

    def create(self, request: AccountRequest) -> Response:
        """Offer somebody a seat: they get a link by mail, good for seven days."""
        return self.act(services.invite, status=http.HTTP_201_CREATED)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def resend(self, request: AccountRequest, pk: str) -> Response:
        """Mail a new link, good for seven more days; the old one is dead."""
        return self.act(services.resend_invitation, invitation=self.get_locked_object)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def revoke(self, request: AccountRequest, pk: str) -> Response:
        """Withdraw the offer."""
        return self.act(services.revoke_invitation, invitation=self.get_locked_object)


class DeviceViewSet(AccountViewSet):
    """The tills on which members change by PIN."""

    read_capability = Capability.DEVICE_READ
    write_capability = Capability.DEVICE_CHANGE
    feature = "account"
    keeps_answers = False
    serializer_class = serializers.DeviceSerializer
    input_classes: ClassVar[Inputs] = {"create": serializers.DeviceInput, "partial_update": serializers.DeviceChange}

    def rows(self, account: Account) -> QuerySet[Device]:
        return account.devices.order_by("name", "id")

    @extend_schema(responses={201: serializers.NewDeviceSerializer})
    def create(self, request: AccountRequest) -> Response:
        """Register this till. The secret is told this once; a retry registers another."""
        return self.act(services.add_device, status=http.HTTP_201_CREATED, shown_by=serializers.NewDeviceSerializer)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.change_device, device=self.get_locked_object)
