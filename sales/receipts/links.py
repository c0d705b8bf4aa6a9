"""The public address of a receipt. Its token is the ids themselves, sealed: kept nowhere, and not to be guessed."""

from uuid import UUID

from django.conf import settings

from core import vault
from sales.models import Refund, Sale

_PURPOSE = "receipt"


def token_of(document: Sale | Refund) -> str:
    """The same each time, so that every copy of a receipt bears the same code."""
    ids = (document.pk,) if isinstance(document, Sale) else (document.sale_id, document.pk)
    return vault.seal_ids(_PURPOSE, document.account_id, *ids)


def address_of(document: Sale | Refund) -> str:
    """Empty where it is not known under which address the world sees us."""
    return f"{settings.PUBLIC_URL}/r/{token_of(document)}/" if settings.PUBLIC_URL else ""


def open_token(token: str) -> tuple[UUID, UUID, UUID | None]:
    """The account, the sale, and the refund if it is one's. Raises ValueError for what is no token of ours."""
    account_id, sale_id, *refund_id = vault.unseal_ids(_PURPOSE, token)
    return account_id, sale_id, refund_id[0] if refund_id else None
