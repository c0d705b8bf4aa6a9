"""How operators act on a business: in a seat of their own in it, by services."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django.contrib import messages
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from accounts import services
from accounts.models import Membership
from accounts.roles import Capability
from core import tenancy
from core.admin import StaffAdmin
from core.api import failures
from core.errors import DomainError


@contextmanager
def acting(request: Any, account_id: Any) -> Iterator[Membership]:
    """The seat of whoever asks in this business, in whose history they leave their line, and a transaction of it."""
    with tenancy.scope(account_id):
        yield services.act_for(by=request.membership, account_id=account_id, method=request.method, path=request.path)


class ActingAdmin(StaffAdmin):
    """A page on which operators act, by services; what these refuse is shown as a message."""

    def has_act_permission(self, request: HttpRequest) -> bool:
        return self.may(request, Capability.PLATFORM_ACT)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            answer: HttpResponse = super().changeform_view(request, *args, **kwargs)
        except (DomainError, DatabaseError) as refusal:
            self._tell(request, refusal)
            return HttpResponseRedirect(request.get_full_path())
        return answer

    def act(self, request: HttpRequest, rows: QuerySet[Any], deed: Callable[[Membership, Any], Any]) -> None:
        """Do it to each of the rows, in its own business; what is refused for one does not stop the others."""
        done = 0
        for row in rows:
            try:
                with acting(request, row.account_id) as seat:
                    deed(seat, row)
            except (DomainError, DatabaseError) as refusal:
                self._tell(request, refusal, f"{row}: ")
            else:
                done += 1
        if done:
            self.message_user(request, f"Done for {done}.", messages.SUCCESS)

    def _tell(self, request: HttpRequest, refusal: Exception, about: str = "") -> None:
        self.message_user(request, f"{about}{failures.failure_of(refusal, request).detail}", messages.ERROR)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing: the history is the business's own, and its services write it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing, likewise."""


class ReferenceAdmin(ActingAdmin):
    """What is the same for every business: staff who may act add and change it, and remove nothing."""

    fixed: ClassVar[tuple[str, ...]] = ()  # what names a row: it stays as it was added
    list_filter: ClassVar[Any] = ()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_act_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_act_permission(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if not self.has_act_permission(request):
            return super().get_readonly_fields(request, obj)
        return ["id", *(self.fixed if obj else ())]

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        if change:
            services.change_reference(by=request.membership, row=obj, changes=form.changed_data)
        else:
            services.add_reference(by=request.membership, row=obj)
