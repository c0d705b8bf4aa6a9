"""What tills that were offline send when they are back."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import structlog
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.models import Account
from accounts.roles import Capability
from core import errors, tenancy
from core.api import envelope, failures, fields
from core.api.requests import AccountRequest
from core.api.serializers import ModelSerializer, Serializer, kept
from core.api.views import AccountViewSet, DeclaredView
from inventory.errors import SerialElsewhere
from sales import services
from sales.api import filters
from sales.api.customer_serializers import CustomerInput, CustomerSerializer
from sales.api.serializers import RefundInput, RefundSerializer, SaleInput, SaleSerializer
from sales.api.shift_serializers import CashEventInput, CashEventSerializer
from sales.models import SyncIssue, Verdict
from system.errors import ModuleDisabled

logger = structlog.get_logger(__name__)

MOST_ITEMS = 200
ATTEMPTS = 3  # at an item that others were quicker with
_AGAIN = {failures.ID_TAKEN.code, SerialElsewhere.code}
_UNKNOWN = errors.unknown_reference("").code


class OfflineRefundInput(RefundInput):
    sale = fields.IdField()


class OfflineCashEventInput(CashEventInput):
    shift = fields.IdField()


INPUTS: Mapping[str, type[BaseSerializer[Any]]] = {
    "customer": CustomerInput,
    "sale": SaleInput,
    "refund": OfflineRefundInput,
    "cash_event": OfflineCashEventInput,
}
SHOWN_BY: Mapping[str, type[BaseSerializer[Any]]] = {
    "customer": CustomerSerializer,
    "sale": SaleSerializer,
    "refund": RefundSerializer,
    "cash_event": CashEventSerializer,
}


class SyncItemInput(Serializer):
    kind = serializers.ChoiceField(choices=[(kind, kind) for kind in services.KINDS])
    id = fields.IdField()
    content = serializers.DictField()


class SyncInput(Serializer):
    """`sent_at` is what the till's clock says as it sends this: by it a wrong clock is seen, and corrected."""

    sent_at = fields.MomentField(required=False)
    items = fields.BoundedList(child=SyncItemInput(), min_length=1, max_length=MOST_ITEMS)


class ReasonSerializer(Serializer):
    code = fields.TextField()
    detail = fields.TextField()
    errors = serializers.ListField(child=serializers.DictField())  # type: ignore[assignment]
    meta = serializers.DictField()


class SyncResultSerializer(Serializer):
    """`is_final` is false where the same item may be taken another time: what it refers to had not come yet, its module
    was switched off, or the service was busy."""

    kind = fields.TextField()
    id = fields.IdField()
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    reasons = ReasonSerializer(many=True)
    is_final = fields.BooleanField()
    row = serializers.DictField(allow_null=True)


class SyncIssueSerializer(ModelSerializer):
    reasons = ReasonSerializer(many=True)

    class Meta:
        model = SyncIssue
        fields = [
            "id",
            "kind",
            "item_id",
            "verdict",
            "reasons",
            "content",
            "storefront",
            "sent_by",
            "recorded_at",
            "reviewed_by",
            "reviewed_at",
        ]


class SyncView(DeclaredView):
    """Sales, refunds and customers of a till that was offline, with their own ids and times, in any order."""

    write_capability: ClassVar[str] = Capability.SALE_COMPLETE
    module: ClassVar[str] = "sales"
    feature: ClassVar[str] = "sales"

    @extend_schema(request=SyncInput, responses=SyncResultSerializer(many=True))
    def post(self, request: AccountRequest) -> StreamingHttpResponse:
        """Each item is done in a transaction of its own, and its verdict sent as soon as it stands: a batch that is cut
        is sent again as it was."""
        request.membership.approver = None  # who approves one act does not approve two hundred
        sent = kept(SyncInput, context={"request": request}).run_validation(request.data)
        order = list(services.KINDS)
        items = sorted(sent["items"], key=lambda item: order.index(item["kind"]))
        body = _stream((self._take(item, sent.get("sent_at")) for item in items), request.request_id)
        return StreamingHttpResponse(body, content_type="application/json")

    def _take(self, item: Mapping[str, Any], sent_at: datetime | None) -> dict[str, Any]:
        """The verdict on one item, whatever becomes of it: the others have happened as well."""
        for _ in range(ATTEMPTS):
            try:
                with tenancy.scope(self.request.account.pk):
                    return self._taken(item, sent_at)
            except Exception as problem:
                failure = failures.failure_of(problem, self.request)
                if failure.status >= http.HTTP_500_INTERNAL_SERVER_ERROR:
                    logger.error("item_failed", exc_info=problem, code=failure.code)
                elif failure.code not in _AGAIN:
                    break
        return self._rejected(item, failure)

    def _taken(self, item: Mapping[str, Any], sent_at: datetime | None) -> dict[str, Any]:
        kind, context = item["kind"], {"request": self.request}
        facts = kept(INPUTS[kind], context=context).run_validation({**item["content"], "id": str(item["id"])})
        taken = services.take_item(by=self.request.membership, kind=kind, facts=facts, sent_at=sent_at)
        shown = kept(SHOWN_BY[kind], context=context).to_representation(taken.row)
        return _result(item, taken.verdict, taken.reasons, row=shown)

    def _rejected(self, item: Mapping[str, Any], failure: failures.Failure) -> dict[str, Any]:
        reason = {
            "code": failure.code,
            "detail": failure.detail,
            "errors": [vars(error) for error in failure.errors],
            "meta": dict(failure.meta),
        }
        is_lost = failure.status >= http.HTTP_500_INTERNAL_SERVER_ERROR  # perhaps not even a note can be written
        if not is_lost:
            with tenancy.scope(self.request.account.pk):
                services.note_rejected(
                    by=self.request.membership,
                    kind=item["kind"],
                    item_id=item["id"],
                    reason=reason,
                    content=json.loads(envelope.dump(item["content"])),  # of which decimals become texts
                )
        may_come = any(error.code == _UNKNOWN for error in failure.errors)
        may_come = may_come or failure.code == ModuleDisabled.code
        return _result(item, Verdict.REJECTED, [reason], is_final=not (is_lost or may_come))


def _result(
    item: Mapping[str, Any],
    verdict: Verdict,
    reasons: Sequence[Mapping[str, Any]],
    *,
    row: Any = None,
    is_final: bool = True,
) -> dict[str, Any]:
    return {
        "kind": item["kind"],
        "id": str(item["id"]),
        "verdict": verdict,
        "reasons": reasons,
        "is_final": is_final,
        "row": row,
    }


def _stream(results: Iterator[dict[str, Any]], request_id: str) -> Iterator[bytes]:
    """The envelope, piece by piece."""
    yield b'{"success":true,"data":['
    for index, result in enumerate(results):
        yield b"," * bool(index) + envelope.dump(result)
    yield b'],"request_id":' + envelope.dump(request_id) + b"}"


class SyncIssueViewSet(AccountViewSet):
    """What came from tills that were offline and somebody has to look at."""

    read_capability = Capability.SHIFT_REVIEW
    write_capability = Capability.SHIFT_REVIEW
    module = "sales"
    feature = "sales"
    serializer_class = SyncIssueSerializer
    filterset_class = filters.SyncIssueFilter

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.sync_issues.order_by("-recorded_at", "-id")

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def review(self, request: AccountRequest, pk: str) -> Response:
        """Somebody has looked at it."""
        return self.act(services.review_issue, issue=self.get_locked_object)
