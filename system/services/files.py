from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.files.base import File
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from uuid_utils.compat import uuid7

from accounts.models import Account, Membership
from core import errors
from core.tenancy import STAFF
from system import media
from system.errors import FileRefused, FileTooLarge
from system.models import PrivateFile, path_of, private_storage

UNUSED = timedelta(days=1)


def keep_file(
    *,
    by: Membership,
    file: "File[Any]",
    id: UUID | None = None,  # noqa: A002 - the client's own id
    name: str = "",
    content_type: str = "",
) -> PrivateFile:
    """Keep bytes for the member. What they are is read from the bytes, unless we made them and say so.

    Raises FileRefused for what is no kind of file that is taken here.
    """
    kept = PrivateFile(
        id=id or uuid7(),
        account_id=by.account_id,
        name=media.plain_name(name or file.name or ""),
        content_type=content_type or media.recognise(file),
        size=file.size,
        kept_by=by,
    )
    kept.content = path_of(kept, kept.name)
    kept.save(force_insert=True)
    kept.content.storage.save(kept.content.name, file)  # after the row: a refused one leaves no bytes behind
    return kept


def find_file(
    *, by: Membership, file_id: UUID, field: str, content_types: Collection[str], limit: int | None = None
) -> PrivateFile:
    """A file that the member has uploaded. Raises InvalidInput for any other, FileRefused for one of another kind, and
    FileTooLarge for one of more than `limit` bytes."""
    file: PrivateFile | None = by.account.private_files.filter(pk=file_id, kept_by=by).first()
    if file is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference(field)])
    if file.content_type not in content_types:
        raise FileRefused(wanted=", ".join(sorted(content_types)))
    if limit is not None and file.size > limit:
        raise FileTooLarge(limit=limit)
    return file


def remove_unused_files(*, now: datetime) -> int:
    """Remove, in every account, files to which nothing has referred for a day, and bytes of which no row tells: those
    of requests that were undone. How many there were."""
    before = now - UNUSED
    files = PrivateFile.across_accounts.using(STAFF)
    found = list(_unused(files, before).values_list("account_id", "pk"))
    removed = sum(_remove_unused(files.filter(account_id=account_id, pk=pk), before) for account_id, pk in found)
    return removed + _remove_untold(before)


def _unused(files: QuerySet[PrivateFile], before: datetime) -> QuerySet[PrivateFile]:
    """Those that came before, but for what any row of any table refers to."""
    unused = files.filter(created_at__lte=before)
    for model in apps.get_models():
        for key in model._meta.concrete_fields:
            if key.related_model is PrivateFile:
                owner = {"account_id": OuterRef("account_id"), key.name: OuterRef("pk")}
                unused = unused.exclude(Exists(model._default_manager.filter(**owner)))
    return unused


def _remove_unused(row: QuerySet[PrivateFile], before: datetime) -> bool:
    with transaction.atomic(using=STAFF):
        file = row.select_for_update(skip_locked=True).first()
        # Asked again: to a locked row nobody can refer any more, but somebody may have since it was found.
        if file is None or not _unused(row, before).exists():
            return False
        row._raw_delete(STAFF)
    private_storage().delete(file.content.name)
    return True


def _remove_untold(before: datetime) -> int:
    """Only in the folders of businesses that this database knows: another one's files may lie beside them."""
    storage, removed = private_storage(), 0
    for account in Account.across_accounts.using(STAFF).all():
        folder = str(account.pk)
        names = [f"{folder}/{name}" for name in storage.listdir(folder)[1]] if storage.exists(folder) else []
        old = {name for name in names if storage.get_modified_time(name) <= before}
        told = PrivateFile.across_accounts.using(STAFF).filter(account=account, content__in=old)
        for name in old.difference(told.values_list("content", flat=True)):
            storage.delete(name)
            removed += 1
    return removed
