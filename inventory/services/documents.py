"""What all documents of the stock have in common: numbers without gaps, and steps that are taken once."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import connection
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from core.errors import DomainError
from inventory.errors import AdjustmentDecided, CountState, OrderState, TransferState
from inventory.models import Adjustment, Document, PurchaseOrder, StockCount, Transfer

Paper = TypeVar("Paper", bound=Document)

REFUSALS: Mapping[type[Document], type[DomainError]] = {
    Adjustment: AdjustmentDecided,
    PurchaseOrder: OrderState,
    StockCount: CountState,
    Transfer: TransferState,
}

_NEXT = """
INSERT INTO document_counters (id, account_id, code, last_number) VALUES (%s, %s, %s, 1)
ON CONFLICT ON CONSTRAINT one_counter_per_code DO UPDATE SET last_number = document_counters.last_number + 1
RETURNING last_number
"""


def take_number(code: str, *, by: Membership) -> str:
    """The next number of this kind of document. Whoever wants one too waits; who fails gives it back."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [uuid7(), by.account_id, code])
        return f"{code}-{cursor.fetchone()[0]:06d}"


def refuse_unless(document: Document, *statuses: str) -> None:
    """Raises what `REFUSALS` names for a locked document from whose status the step does not lead on."""
    if document.status not in statuses:
        raise REFUSALS[type(document)](status=document.status)


def take_step(
    by: Membership, document: Paper, step: str, *, noted: Mapping[str, Any] | None = None, **facts: Any
) -> Paper:
    """Write the next version of a locked document, with the facts that the step brings; who took it, from which status
    to which and why, and what else is noted, goes into the history."""
    before = document.status
    for name, value in facts.items():
        setattr(document, name, value)
    document.version += 1
    document.save(update_fields=[*facts, "version"])
    why = {"reason": facts["closing_reason"]} if facts.get("closing_reason") else {}
    accounts.record(
        by=by,
        action=f"{document._meta.model_name}.{step}",
        subject=document,
        before={"status": before},
        after={"status": document.status, **why, **(noted or {})},
    )
    return document
