"""What a business switches on and keeps: its modules, files, tasks in the background, what its people are told."""

from __future__ import annotations

from typing import Any

from django.core.files.storage import storages
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from accounts.models import Membership
from core import tenancy


class AccountModuleSettings(tenancy.AccountOwned):
    """Which modules a business has switched on: the assistants, which credits pay for, and those of the shop.

    Without a row, all are on. To switch one off closes its doors and touches none of its rows.
    """

    account = models.OneToOneField("accounts.Account", models.PROTECT, related_name="module_settings", editable=False)
    planner_enabled = models.BooleanField(default=True)
    writer_enabled = models.BooleanField(default=True)
    thinker_enabled = models.BooleanField(default=True)
    automation_enabled = models.BooleanField(default=True)
    site_builder_enabled = models.BooleanField(default=True)
    linker_enabled = models.BooleanField(default=True)
    optimizer_enabled = models.BooleanField(default=True)
    publisher_enabled = models.BooleanField(default=True)
    inventory_enabled = models.BooleanField(default=True)
    sales_enabled = models.BooleanField(default=True)
    customers_enabled = models.BooleanField(default=True)
    reports_enabled = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "account_module_settings"
        default_related_name = "account_module_settings"

    def __str__(self) -> str:
        return str(self.account_id)


def private_storage() -> Any:
    return storages["private"]


def path_of(file: PrivateFile, _name: str) -> str:
    """Where the bytes lie: no name that anybody chose comes into it."""
    return f"{file.account_id}/{file.pk}"


class PrivateFile(tenancy.AccountOwned):
    """Bytes of a business that have no address: whoever shows them asks first who wants to see them."""

    PERSONAL = frozenset({"name"})

    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()  # bytes
    content = models.FileField(storage=private_storage, upload_to=path_of, max_length=200)
    kept_by = tenancy.OwnedKey(Membership, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "private_files"
        default_related_name = "private_files"
        constraints = [*tenancy.AccountOwned.Meta.constraints, tenancy.SameAccount("kept_by")]

    def __str__(self) -> str:
        return self.name


class Notification(tenancy.AccountOwned):
    """Something that a member is told, once. `key` says what of its kind it is about.

    It names nobody: what is about a person stands in the row that it speaks of, where it can be erased.
    """

    member = tenancy.OwnedKey(Membership, related_name="notifications")
    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    title = models.CharField(max_length=200)
    text = models.CharField(max_length=2000)
    is_shown = models.BooleanField(default=True)  # in the app; otherwise it went by mail only, or was not wanted
    by = tenancy.OwnedKey(Membership, null=True, related_name="+")  # whose act it tells of
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "notifications"
        default_related_name = "notifications"
        indexes = [models.Index(fields=["account", "member", "id"], name="notifications_by_member")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("member"),
            tenancy.SameAccount("by"),
            models.UniqueConstraint(
                fields=["account", "kind", "key", "member"],
                name="told_once",
                violation_error_code="told_already",
                violation_error_message="This member has been told already.",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class MemberSettings(tenancy.AccountOwned):
    """What a member chose for themselves; who has chosen nothing has no row."""

    member = tenancy.OwnedKey(Membership, related_name="settings")
    location_id = models.UUIDField(null=True)  # where they usually work; places are on a higher floor
    notifications = models.JSONField(default=dict)  # by kind, what differs from being told: {"app": …, "mail": …}
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "member_settings"
        default_related_name = "member_settings"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("member"),
            models.UniqueConstraint(
                fields=["account", "member"],
                name="one_settings_per_member",
                violation_error_code="settings_exist",
                violation_error_message="This member has settings already.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.member_id)

    def wants(self, kind: str, way: str) -> bool:
        """Whether the member wants to be told of this kind by this way, `app` or `mail`."""
        chosen: bool = self.notifications.get(kind, {}).get(way, True)
        return chosen


class PlatformSettings(tenancy.Identified):
    """What the platform tells everybody: one row, which its staff write."""

    is_only = models.BooleanField(default=True, editable=False)
    maintenance_notice = models.CharField(max_length=500, blank=True)
    mail_footer = models.CharField(max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        db_table = "platform_settings"
        constraints = [
            models.UniqueConstraint(
                fields=["is_only"],
                name="one_platform_settings",
                violation_error_code="settings_exist",
                violation_error_message="There are such settings already.",
            ),
            models.CheckConstraint(
                condition=models.Q(is_only=True),
                name="platform_settings_are_one",
                violation_error_code="settings_exist",
                violation_error_message="There are such settings already.",
            ),
            tenancy.ReferenceData(name="platform_settings_reference"),
        ]

    def __str__(self) -> str:
        return "platform"


class Provider(models.TextChoices):
    PAYSTACK = "PAYSTACK"
    STRIPE = "STRIPE"
    MOMO = "MOMO"
    SMS = "SMS"
    AI = "AI"


class CheckState(models.TextChoices):
    ASKED = "ASKED"  # the provider has not answered yet
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    AWAY = "AWAY"  # the provider does not answer


class Integration(tenancy.AccountOwned):
    """A business's own keys to a provider, sealed: nobody is shown them again."""

    SECRET = frozenset({"sealed"})

    provider = models.CharField(max_length=16, choices=Provider.choices)
    sealed = models.TextField()
    hint = models.CharField(max_length=4)  # how the secret ends, so that its owner knows which it is
    check_state = models.CharField(max_length=16, choices=CheckState.choices, blank=True)
    checked_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "integrations"
        default_related_name = "integrations"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["account", "provider"],
                name="one_integration_per_provider",
                violation_error_code="integration_exists",
                violation_error_message="There are keys to this provider already.",
            ),
            models.CheckConstraint(
                condition=models.Q(provider__in=Provider.values),
                name="integration_provider_known",
                violation_error_code="unknown_provider",
                violation_error_message="There is no such provider.",
            ),
        ]

    def __str__(self) -> str:
        return self.provider


class TaskState(models.TextChoices):
    WAITING = "WAITING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


OVER = frozenset({TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED})


class Task(tenancy.AccountOwned):
    """Work in the background, for a member, in steps.

    A step and the progress that it makes are committed together: a worker that is killed loses the step that it was at,
    and whoever goes on begins with that one.
    """

    kind = models.CharField(max_length=60)
    module = models.CharField(max_length=16, blank=True)  # that it tells of, beside the one that its kind belongs to
    params = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    source = tenancy.OwnedKey(PrivateFile, null=True, related_name="+")
    state = models.CharField(max_length=16, choices=TaskState.choices, default=TaskState.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)  # unknown until the work has begun
    error_count = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=500, blank=True)
    result = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    file = tenancy.OwnedKey(PrivateFile, null=True, related_name="+")
    by = tenancy.OwnedKey(Membership, related_name="+")
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "tasks"
        default_related_name = "tasks"
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("source"),
            tenancy.SameAccount("file"),
            tenancy.SameAccount("by"),
            models.CheckConstraint(
                condition=models.Q(state__in=TaskState.values),
                name="task_state_known",
                violation_error_code="unknown_state",
                violation_error_message="There is no such state.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def is_over(self) -> bool:
        return self.state in OVER


class TaskError(tenancy.AccountOwned):
    """What was wrong with one row of what a task was given; rows count from 1, the headings included."""

    task = tenancy.OwnedKey(Task, related_name="errors")
    row = models.PositiveIntegerField()
    field = models.CharField(max_length=100, blank=True)
    code = models.CharField(max_length=60)
    detail = models.CharField(max_length=500)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "task_errors"
        default_related_name = "task_errors"
        constraints = [*tenancy.AccountOwned.Meta.constraints, tenancy.SameAccount("task")]
        indexes = [models.Index(fields=["account", "task", "row", "id"], name="task_errors_by_row")]

    def __str__(self) -> str:
        return f"{self.row}: {self.detail}"
