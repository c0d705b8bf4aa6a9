"""The writers of switches, files, tasks, notifications, settings and integrations."""

from system.services.auditing import make_audit_export, start_audit_export
from system.services.choices import change_settings, open_settings
from system.services.files import find_file, keep_file, remove_unused_files
from system.services.integrations import (
    change_integration,
    check_integration,
    remove_integration,
    reseal_secrets,
    run_check,
)
from system.services.notifications import mark_all_read, mark_read, notify
from system.services.platform import change_platform_settings, lock_platform_settings, read_platform_settings
from system.services.switching import change_modules, open_module_settings
from system.services.tasks import (
    cancel_task,
    drop_old_results,
    note_errors,
    refuse_task,
    share_task,
    start_export,
    start_task,
)
from system.services.working import run_task, take_turn
from system.services.writing import name_of, write_listing

__all__ = [
    "cancel_task",
    "change_integration",
    "change_modules",
    "change_platform_settings",
    "change_settings",
    "check_integration",
    "drop_old_results",
    "find_file",
    "keep_file",
    "lock_platform_settings",
    "make_audit_export",
    "mark_all_read",
    "mark_read",
    "name_of",
    "note_errors",
    "notify",
    "open_module_settings",
    "open_settings",
    "read_platform_settings",
    "refuse_task",
    "remove_integration",
    "remove_unused_files",
    "reseal_secrets",
    "run_check",
    "run_task",
    "share_task",
    "start_audit_export",
    "start_export",
    "start_task",
    "take_turn",
    "write_listing",
]
