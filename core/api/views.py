"""The base viewset. A resource declares; this scopes, refuses, retries and shows."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, final
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import status as http
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from core import errors, idempotency
from core.api import envelope, fields
from core.api.pagination import NumberedPages
from core.api.requests import AccountRequest
from core.api.serializers import Serializer, kept

Inputs = Mapping[str, type[BaseSerializer[Any]]]  # by action, what may be sent

MAX_KEY_LENGTH = 200
_BAD_KEY = errors.FieldError("Idempotency-Key", "invalid", "At most 200 printable ASCII characters.")
_BAD_ID = errors.FieldError("id", "invalid", "Must be a valid UUID.")


class DeclaredView(APIView):
    """What every signed-in view says of itself. The permission classes close a view that leaves one out."""

    request: AccountRequest
    content_negotiation_class = envelope.OneRenderer
    read_capability: ClassVar[str | None] = None
    write_capability: ClassVar[str | None] = None
    module: ClassVar[str | None] = None
    feature: ClassVar[str | None] = None
    needs_onboarding: ClassVar[tuple[str, ...]] = ()  # the actions that are closed before it is finished
    finishing: ClassVar[tuple[str, ...]] = ()  # the actions by which what was begun comes to its end
    query_parameters: ClassVar[tuple[str, ...]] = ()
    asks: ClassVar[type[Serializer] | None] = None  # what else an address may say, and how it is judged

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        if request.method not in self.allowed_methods:
            raise MethodNotAllowed(str(request.method))
        request.get_host()  # raises for a host that is not ours, which Django leaves to whoever asks
        super().initial(request, *args, **kwargs)
        if "Transfer-Encoding" in request.headers:
            raise errors.LengthRequired  # Django would see no body at all
        self.refuse_unknown_parameters(request)

    def refuse_unknown_parameters(self, request: AccountRequest) -> None:
        unknown = sorted(set(request.query_params) - set(self.known_parameters()))
        if unknown:
            raise errors.UnknownParameter(errors=[_unknown(name) for name in unknown])
        for name, values in request.query_params.lists():
            if len(values) > 1 or "\x00" in values[0]:
                raise errors.InvalidInput(errors=[errors.FieldError(name, "invalid", "Give it once, as text.")])

    def known_parameters(self) -> Iterator[str]:
        yield from self.query_parameters
        if self.asks:
            yield from kept(self.asks, context={}).fields.keys()

    def asked(self) -> dict[str, Any]:
        """What the address asks for, judged. Raises ValidationError."""
        assert self.asks
        serializer = kept(self.asks, context={"request": self.request})
        sent = {name: text for name, text in self.request.query_params.items() if name in serializer.fields}
        return dict(serializer.run_validation(sent))


def _unknown(name: str) -> errors.FieldError:
    return errors.FieldError(name, "unknown_parameter", "There is no such parameter.")


class AccountViewSet(DeclaredView, GenericViewSet[Any]):
    """Rows of one account. A subclass says which (`rows`), who may (`*_capability`) and in which state (`feature`)."""

    pagination_class: type[BasePagination] | None = NumberedPages
    lookup_value_regex = "[^/]+"
    paged: ClassVar[tuple[str, ...]] = ("list",)  # the actions that answer page by page
    columns: ClassVar[tuple[str, ...]] = ()
    input_classes: ClassVar[Inputs] = {}
    exactly_once: ClassVar[bool] = False
    keeps_answers: ClassVar[bool] = True  # for a retry; not where an answer holds a secret
    tells_secrets: ClassVar[bool] = False  # then an answer that is kept is for nobody but the member who got it

    def rows(self, account: Any) -> QuerySet[Any]:
        raise NotImplementedError

    @final
    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = self.rows(self.request.account)
        return rows.open_to(self.request.membership)  # type: ignore[no-any-return]

    def read(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The named columns of the rows, with the joins that they need; where none are named, objects."""
        return rows.values(*self.columns) if self.columns else rows

    def get_object(self) -> Any:
        """The row that the path names. Raises NotFound, also for an id that is none, before anything is validated."""
        row = self.read(self.get_queryset().filter(pk=self.path_id())).first()
        if row is None:
            raise errors.NotFound
        return row

    def get_locked_object(self) -> Any:
        """The same, locked; raises StaleVersion when `If-Match` names another version than the row's."""
        rows: Any = self.get_queryset().filter(pk=self.path_id())
        row = rows.locked().first()
        if row is None:
            raise errors.NotFound
        self.check_version(row)
        return row

    def path_id(self) -> UUID:
        try:
            return fields.read_id(self.kwargs[self.lookup_url_kwarg or self.lookup_field])
        except ValueError:
            raise errors.NotFound from None

    def check_version(self, row: Any) -> None:
        if "If-Match" in self.request.headers:
            refuse_stale(self.request, self.shown(row))

    def known_parameters(self) -> Iterator[str]:
        yield from super().known_parameters()
        if self.action in self.paged:
            yield from getattr(self.pagination_class, "parameters", ())
        if self.action == "list":
            yield from getattr(getattr(self, "filterset_class", None), "base_filters", ())

    def list(self, request: AccountRequest, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        serializer = kept(self.get_serializer_class(), context=self.get_serializer_context())
        return self.get_paginated_response([serializer.to_representation(row) for row in page or ()])

    def retrieve(self, request: AccountRequest, *args: Any, **kwargs: Any) -> Response:
        return self.show(self.get_object())

    def act(
        self,
        service: Callable[..., Any],
        /,
        *,
        status: int = http.HTTP_200_OK,
        shown_by: type[BaseSerializer[Any]] | None = None,
        **loaded: Any,
    ) -> Response:
        """Load, validate, call the one service as the asking member, show what it returned.

        A retry gets the first answer. What is loaded may be a value, or a method that loads it once the key is ours: a
        retry then waits for the key and not for a lock.
        """
        claim = self._claim()
        taken = claim.take() if claim else None
        if isinstance(taken, idempotency.Answer):
            self._refuse_elsewhere(taken)
            return self._replay(taken)
        rows = {name: value() if callable(value) else value for name, value in loaded.items()}
        if self.exactly_once and claim is None and self.request.method == "POST":
            raise errors.IdempotencyKeyRequired
        response = self.show(
            service(by=self.request.membership, **rows, **self.validated()),
            status=status,
            shown_by=shown_by,
        )
        if claim and taken:
            claim.answer(taken, status=status, body=envelope.dump(response.data))
        return response

    def validated(self) -> Mapping[str, Any]:
        serializer_class = self.input_classes.get(self.action)
        if serializer_class is None:
            return {}
        is_partial = self.action == "partial_update"
        serializer = kept(serializer_class, context=self.get_serializer_context(), partial=is_partial)
        sent: Mapping[str, Any] = serializer.run_validation(self.request.data)
        return sent

    def show(
        self,
        row: Any,
        *,
        status: int = http.HTTP_200_OK,
        shown_by: type[BaseSerializer[Any]] | None = None,
    ) -> Response:
        if row is None:
            return Response(status=http.HTTP_204_NO_CONTENT)
        shown = self.shown(row, shown_by)
        return Response(shown, status=status, headers=version_headers(shown))

    def shown(self, row: Any, shown_by: type[BaseSerializer[Any]] | None = None) -> Any:
        serializer_class = shown_by or self.get_serializer_class()
        return kept(serializer_class, context=self.get_serializer_context()).to_representation(row)

    def _claim(self) -> idempotency.Claim | None:
        request = self.request
        if request.method != "POST" or not self.keeps_answers:
            return None
        key = request.headers.get("Idempotency-Key") or self._client_id()
        if not key:
            return None
        if len(key) > MAX_KEY_LENGTH or not (key.isascii() and key.isprintable()):
            raise errors.InvalidInput(errors=[_BAD_KEY])
        asked = [self.kwargs, request.data, *([request.membership.id] if self.tells_secrets else [])]
        return idempotency.Claim(
            account_id=request.account.id,
            member_id=request.membership.id,
            operation=f"{type(self).__name__}.{self.action}",
            key=key,
            fingerprint=idempotency.fingerprint(asked),
            request_id=request.request_id,
        )

    def _client_id(self) -> str | None:
        data = self.request.data
        own_id = data.get("id") if isinstance(data, Mapping) else None
        if not isinstance(own_id, str):
            return None
        try:
            return str(fields.read_id(own_id))
        except ValueError:
            raise errors.InvalidInput(errors=[_BAD_ID]) from None

    def _refuse_elsewhere(self, answer: idempotency.Answer) -> None:
        """What a colleague was told about a place is not for whoever does not work there."""
        rows = self.get_queryset()
        if self.request.membership.is_limited and rows.model.place:
            named = self.path_id() if self.detail else answer.data["id"]
            if not rows.filter(pk=named).exists():
                raise errors.NotFound

    def _replay(self, answer: idempotency.Answer) -> Response:
        headers = {"Idempotency-Replayed": "true", **version_headers(answer.data)}
        response = Response(answer.data, status=answer.status, headers=headers)
        response.replayed_request_id = answer.request_id  # type: ignore[attr-defined]
        return response


def etag(shown: Any) -> str | None:
    """The version of what is shown, for those things that people edit."""
    return f'"{shown["version"]}"' if isinstance(shown, dict) and "version" in shown else None


def refuse_stale(request: AccountRequest, shown: Any) -> None:
    """Raises StaleVersion when `If-Match` names another version than the one that would be shown."""
    wanted = request.headers.get("If-Match")
    if wanted is None:
        return
    # Proxies that compress weaken the tag to W/"1".
    tags = {tag.strip().removeprefix("W/") for tag in wanted.split(",")}
    if tags.isdisjoint({"*", etag(shown)}):
        raise errors.StaleVersion(current=shown)


def version_headers(shown: Any) -> dict[str, str]:
    tag = etag(shown)
    return {"ETag": tag} if tag else {}
