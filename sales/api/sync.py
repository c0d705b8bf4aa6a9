"""What tills that were offline send when they are back."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import structlog
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.models import Account
from accounts.roles import Capability
from core import errors, tenancy
from core.api import envelope, failures, fields
from core.api.requests import AccountRequest
from core.api.serializers import kept
from core.api.views import AccountViewSet, DeclaredView
from sales import services
from sales.api import filters
from sales.api.sync_serializers import INPUTS, SHOWN_BY, SyncInput, SyncIssueSerializer, SyncResultSerializer
from sales.errors import PaymentPending, ShiftOpen
from sales.models import Verdict
from subscriptions.errors import SubscriptionExpired
from system.errors import ModuleDisabled

logger = structlog.get_logger(__name__)

ATTEMPTS = 3  # at an item that others were quicker with
ROUNDS = 8  # in which what waits for another item of the batch is tried
_TOO_EARLY = {ShiftOpen.code, PaymentPending.code, SubscriptionExpired.code, ModuleDisabled.code}
_UNKNOWN = errors.unknown_reference("").code
_LAST = datetime.max.replace(tzinfo=UTC)

Item = Mapping[str, Any]


class SyncView(DeclaredView):
    """What a till did while it was offline, a whole day or a part of one, with its own ids and times, in any order."""

    write_capability: ClassVar[str] = Capability.SALE_COMPLETE
    module: ClassVar[str] = "sales"
    feature: ClassVar[str] = "offline"

    @extend_schema(request=SyncInput, responses=SyncResultSerializer(many=True))
    def post(self, request: AccountRequest) -> StreamingHttpResponse:
        """Each item is done in a transaction of its own, and its verdict sent as soon as it stands: a batch that is cut
        is sent again as it was."""
        request.membership.approver = None  # who approves one act does not approve two hundred
        sent = kept(SyncInput, context={"request": request}).run_validation(request.data)
        results = self._take_all(sorted(sent["items"], key=_place_in_order), sent.get("sent_at"))
        return StreamingHttpResponse(_stream(results, request.request_id), content_type="application/json")

    def _take_all(self, items: Sequence[Item], sent_at: datetime | None) -> Iterator[dict[str, Any]]:
        """The verdicts, each as soon as it stands. What waits for another item is tried again when the others are done:
        the second shift of a day opens when the first one is closed."""
        waiting: list[tuple[Item, failures.Failure]] = []
        for _ in range(ROUNDS):
            waiting = []
            for item in items:
                taken = self._take(item, sent_at)
                if isinstance(taken, dict):
                    yield taken
                elif _may_come(taken):
                    waiting.append((item, taken))
                else:
                    yield self._rejected(item, taken)
            if len(waiting) in (0, len(items)):
                break
            items = [item for item, _ in waiting]
        for item, failure in waiting:
            yield self._rejected(item, failure)

    def _take(self, item: Item, sent_at: datetime | None) -> dict[str, Any] | failures.Failure:
        """The verdict on one item, or why it cannot be taken: the others have happened as well.

        What conflicts with something is looked at again, for it may be the item itself, brought by another device that
        was quicker: its id, or what it used up.
        """
        for _ in range(ATTEMPTS):
            try:
                with tenancy.scope(self.request.account.pk):
                    return self._taken(item, sent_at)
            except Exception as problem:
                failure = failures.failure_of(problem, self.request)
                if failure.status >= http.HTTP_500_INTERNAL_SERVER_ERROR:
                    logger.error("item_failed", exc_info=problem, code=failure.code)
                elif failure.status != http.HTTP_409_CONFLICT:
                    break
        return failure

    def _taken(self, item: Item, sent_at: datetime | None) -> dict[str, Any]:
        kind, context = item["kind"], {"request": self.request}
        facts = kept(INPUTS[kind], context=context).run_validation({**item["content"], "id": str(item["id"])})
        taken = services.take_item(by=self.request.membership, kind=kind, facts=facts, sent_at=sent_at)
        shown = kept(SHOWN_BY[kind], context=context).to_representation(taken.row)
        return _result(item, taken.verdict, taken.reasons, row=shown)

    def _rejected(self, item: Item, failure: failures.Failure) -> dict[str, Any]:
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
        return _result(item, Verdict.REJECTED, [reason], is_final=not (is_lost or _may_come(failure)))


def _place_in_order(item: Item) -> tuple[int, datetime]:
    """What others may need first, and of a kind what happened first; what does not say when, happens now."""
    kind = item["kind"]
    try:
        moment = fields.MomentField().run_validation(item["content"].get(services.KINDS[kind].moment))
    except serializers.ValidationError:
        moment = _LAST
    return list(services.KINDS).index(kind), moment


def _may_come(failure: failures.Failure) -> bool:
    """Whether it is only too early: what it names is not there yet, the shift before is still open, a phone has not
    answered, its module is off, or the subscription is not renewed."""
    return failure.code in _TOO_EARLY or any(error.code == _UNKNOWN for error in failure.errors)


def _result(
    item: Item,
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
