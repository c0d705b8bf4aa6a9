from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from accounts.models.membership import Membership
from accounts.models.session import Device
from core import tenancy


class AuditEvent(tenancy.AccountOwned):
    """What was done, by whom, with whose approval, from which device, in which request. Nothing here is ever changed.

    Personal facts are named here but not quoted: what is never changed could not be erased.
    """

    by = tenancy.OwnedKey(Membership, null=True, related_name="audit_events")
    approved_by = tenancy.OwnedKey(Membership, null=True, related_name="approved_events")
    device = tenancy.OwnedKey(Device, null=True, related_name="audit_events")
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    subject_id = models.UUIDField()
    before = models.JSONField(encoder=DjangoJSONEncoder, default=dict)
    after = models.JSONField(encoder=DjangoJSONEncoder, default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "audit_events"
        default_related_name = "audit_events"
        indexes = [models.Index(fields=["account", "subject", "subject_id"], name="audit_events_subject")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("by"),
            tenancy.SameAccount("approved_by"),
            tenancy.SameAccount("device"),
            tenancy.AppendOnly(name="audit_events_append_only"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_id}"
