"""The console of the platform's staff: Django's admin behind our own way of signing in."""

from collections.abc import Iterable
from contextlib import suppress
from functools import wraps
from typing import Any

from django import forms
from django.contrib import admin, auth
from django.contrib.auth.views import LoginView
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect

from accounts import authentication, services
from accounts.api.serializers.signing_in import MOST_PASSWORD
from accounts.api.views.declared import origin_of
from accounts.errors import CapabilityMissing
from accounts.models import Account, Membership
from accounts.roles import Capability
from core import tenancy
from core.errors import DomainError, NotFound

# Passwords change by their service, rows show themselves where they are listed.
LEFT_OUT = {"password_change", "password_change_done", "view_on_site", "autocomplete"}


class SignInForm(forms.Form):
    """E-mail, password and code, checked together by the service that the API uses."""

    email = forms.CharField(max_length=254, label="E-mail", widget=forms.EmailInput({"autofocus": True}))
    password = forms.CharField(max_length=MOST_PASSWORD, strip=False, widget=forms.PasswordInput)
    code = forms.CharField(max_length=32, widget=forms.TextInput({"autocomplete": "one-time-code"}))

    def __init__(self, *, request: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.request = request

    def clean(self) -> None:
        if self.errors:
            return
        asked, before = self.request, authentication.seat_before(self.request)
        try:
            self.signed_in = services.sign_in_staff(replaces=before, **self.cleaned_data, **origin_of(asked))
        except DomainError as refusal:
            raise ValidationError(refusal.sentence, code=refusal.code) from refusal


class SignInView(LoginView):
    authentication_form = SignInForm  # type: ignore[assignment]
    template_name = "app/sign_in.html"
    next_page = "admin:index"

    def form_valid(self, form: Any) -> HttpResponseRedirect:
        authentication.remember(self.request, form.signed_in[1])
        return HttpResponseRedirect(self.get_success_url())


class Console(admin.AdminSite):
    site_title = site_header = "Makola console"
    index_title = "All businesses"
    index_template = "app/console.html"
    site_url = None

    def has_permission(self, request: HttpRequest) -> bool:
        by: Membership | None = request.membership  # type: ignore[attr-defined]
        return by is not None and services.is_on_duty(by=by)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Django's plain refusal becomes one of ours."""

        @wraps(view)
        def explained(*args: Any, **kwargs: Any) -> HttpResponse:
            try:
                answer: HttpResponse = view(*args, **kwargs)
            except PermissionDenied as refusal:
                raise CapabilityMissing(capability=Capability.PLATFORM_ACT) from refusal
            return answer

        return super().admin_view(explained, cacheable)

    def get_urls(self) -> list[Any]:
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", None) not in LEFT_OUT]

    def look_into(self, request: Any, rows: Iterable[Any]) -> None:
        """Leave a line in the history of every business of which these rows are shown to staff."""
        by, asked = request.membership, {"method": request.method, "path": request.path}
        accounts: set[Any] = {row.pk if isinstance(row, Account) else getattr(row, "account_id", None) for row in rows}
        for account_id in accounts - {None, by.account_id}:
            with suppress(NotFound), tenancy.scope(account_id):  # what has lost its business has no history either
                services.act_for(by=by, account_id=account_id, **asked)

    def login(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if request.method == "GET" and self.has_permission(request):
            return redirect("admin:index")
        context = {**self.each_context(request), "title": "Sign in", "app_path": request.get_full_path()}
        return SignInView.as_view(extra_context=context)(request)

    def logout(self, request: Any, extra_context: Any = None) -> Any:
        if request.method == "POST":
            services.end_session(by=request.membership, session=request.session_row)
            auth.logout(request)
        return redirect("admin:login")
