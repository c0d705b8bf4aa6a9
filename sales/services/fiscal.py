"""What the tax authority has to certify: written with the sale, and sent when the sale is long done."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import Membership
from core import tenancy
from core.tenancy import STAFF
from sales import queries
from sales.fiscal import Adapter, AuthorityAway, Invoice, Verdict
from sales.models import UNDECIDED, FiscalDocument, FiscalState, Refund, Sale

logger = structlog.get_logger("fiscal")

SHORTEST, LONGEST = timedelta(seconds=15), timedelta(hours=1)  # pauses between tries
AT_ONCE = 100  # that one round takes up


def open_document(*, by: Membership, sale: Sale, refund: Refund | None = None) -> None:
    """Note, where the business is bound to it, that the authority is to be told of the sale or the refund."""
    if by.account.is_fiscal:
        FiscalDocument(account_id=by.account_id, sale=sale, refund=refund, next_try_at=timezone.now()).save(
            force_insert=True
        )


def certify_due(*, now: datetime) -> int:
    """Send what is due, of every business, the longest waiting first, until nobody answers; how many were sent."""
    if not settings.FISCAL_URL:
        return 0
    found = _due(FiscalDocument.across_accounts.using(STAFF), now).values_list("account_id", "pk")[:AT_ONCE]
    for sent, (account_id, document_id) in enumerate(list(found)):
        if not certify_document(account_id=account_id, document_id=document_id, now=now):
            return sent
    return len(found)


def certify_document(*, account_id: UUID, document_id: UUID, now: datetime) -> bool:
    """Send one document, if it is due still, and keep the verdict; whether the authority answers. Meanwhile nothing is
    locked.

    The next try is noted before the first word is said: whoever comes meanwhile finds nothing due, and a worker that
    dies has only put it off.
    """
    with tenancy.scope(account_id):
        rows = FiscalDocument.across_accounts.filter(account_id=account_id, pk=document_id)
        document = _due(rows, now).select_for_update(skip_locked=True, of=("self",), no_key=True).first()
        if document is None:
            return True
        invoice = _invoice(document)
        document.tries += 1
        document.next_try_at = now + min(SHORTEST * 2 ** min(document.tries, 10), LONGEST)
        document.save(update_fields=["tries", "next_try_at"])
    adapter: Adapter = import_string(settings.FISCAL_ADAPTER)()
    try:
        verdict, problem = adapter.certify(invoice), ""
    except AuthorityAway as away:
        verdict, problem = None, str(away)
        logger.warning("authority_away", document_id=str(document_id), problem=problem)
    with tenancy.scope(account_id):
        _keep(account_id, document_id, verdict, problem)
    return verdict is not None


def _due(rows: QuerySet[FiscalDocument], now: datetime) -> QuerySet[FiscalDocument]:
    return rows.filter(state__in=UNDECIDED, next_try_at__lte=now).order_by("next_try_at", "pk")


def _keep(account_id: UUID, document_id: UUID, verdict: Verdict | None, problem: str) -> None:
    """What is decided stays so, whatever comes in late."""
    rows = FiscalDocument.across_accounts.filter(account_id=account_id, pk=document_id)
    document: FiscalDocument = rows.locked().get()
    if document.state not in UNDECIDED:
        return
    if verdict is None:
        document.last_error = problem[:500]
    else:
        document.state, document.last_error = verdict.state, verdict.reason[:500]
        document.number, document.code = verdict.number, verdict.code
        document.decided_at = None if verdict.state == FiscalState.PROVISIONAL else timezone.now()
    document.save(update_fields=["state", "number", "code", "last_error", "decided_at"])


def _invoice(row: FiscalDocument) -> Invoice:
    account = row.account
    document: Sale | Refund = row.refund or row.sale
    is_refund = isinstance(document, Refund)
    return Invoice(
        id=str(row.pk),
        kind="REFUND" if is_refund else "SALE",
        business=account.name,
        receipt_number=row.sale.receipt_number,
        issued_at=(document.refunded_at if isinstance(document, Refund) else document.sold_at).isoformat(),
        currency=row.sale.currency,
        total=account.show_money(document.total),
        tax_total=account.show_money(document.tax_total),
        taxes=queries.sum_taxes(document),
    )
