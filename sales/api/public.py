"""A receipt for whoever has the paper, or was sent its link: without signing in, and nothing but this one receipt."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import MethodNotAllowed

from accounts.models import Account
from core import errors, limits, tenancy
from core.api import failures, requests
from core.errors import DomainError
from sales.receipts import content, links, page


@csrf_exempt
def show_receipt(request: HttpRequest, token: str) -> HttpResponseBase:
    """A copy of the receipt as a page; 404 for a token that is not ours."""
    try:
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed(str(request.method))
        limits.hit("receipt", requests.address_of(request))
        shown = HttpResponse(_page(token, nonce=str(request.csp_nonce)))  # type: ignore[attr-defined]
    except (DomainError, MethodNotAllowed) as refusal:
        return failures.respond(refusal, request)
    shown["Referrer-Policy"] = "no-referrer"
    shown["X-Robots-Tag"] = "noindex"
    return shown


def _page(token: str, *, nonce: str) -> str:
    """Raises NotFound."""
    try:
        account_id, sale_id, refund_id = links.open_token(token)
    except ValueError:
        raise errors.NotFound from None
    with tenancy.scope(account_id):
        account = Account.across_accounts.filter(pk=account_id).first()
        if account is None:
            raise errors.NotFound
        rows = account.refunds.filter(pk=refund_id) if refund_id else account.sales.filter(pk=sale_id)
        document = rows.with_receipt().first()
        if document is None:
            raise errors.NotFound
        return page.render(content.write_receipt(account, document, is_copy=True), nonce=nonce)
