from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.core.files.base import File
from uuid_utils.compat import uuid7

from accounts.models import Membership
from core import errors
from system import media
from system.errors import FileRefused
from system.models import PrivateFile, path_of


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
    kept.content.name = path_of(kept, kept.name)
    kept.save(force_insert=True)  # first: an id that is taken leaves no bytes behind
    kept.content.storage.save(kept.content.name, file)
    return kept


def find_file(
    *, by: Membership, file_id: UUID, field: str, content_types: Collection[str], limit: int | None = None
) -> PrivateFile:
    """A file that the member has uploaded. Raises InvalidInput for any other, FileRefused for another kind or a larger
    one than `limit` bytes."""
    file: PrivateFile | None = by.account.private_files.filter(pk=file_id, kept_by=by).first()
    if file is None:
        raise errors.InvalidInput(errors=[errors.unknown_reference(field)])
    if file.content_type not in content_types:
        raise FileRefused(wanted=", ".join(sorted(content_types)))
    if limit is not None and file.size > limit:
        raise errors.InvalidInput(errors=[errors.FieldError(field, "file_too_large", f"At most {limit} bytes.")])
    return file
