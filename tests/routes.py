"""Every address of the API with its methods, read from the URLconf, so that the sweeping tests can miss none."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.urls import URLResolver, get_resolver

PREFIX = "api/v1/"
NO_PRODUCT = NO_ATTACHMENT = NO_LEASE = NO_LINE = UUID(int=0)
VERBS = ("get", "post", "put", "patch", "delete")
PARAMETER = re.compile(r"\(\?P<(\w+)>[^)]*\)|<\w+:(\w+)>")


@dataclass(frozen=True)
class Route:
    """One method of one address; `path` is written as `inventory/products/{pk}/`."""

    method: str
    path: str
    callback: Any

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def view(self) -> type[Any]:
        return self.callback.cls

    @property
    def options(self) -> Mapping[str, Any]:
        return self.callback.initkwargs

    @property
    def action(self) -> str:
        return getattr(self.callback, "actions", None) and self.callback.actions[self.method.lower()]

    @property
    def is_detail(self) -> bool:
        """Whether the path names a row of a list; a token in it names none."""
        return "{pk}" in self.path

    @property
    def collection(self) -> str:
        """The address of the list that the row of a detail route stands in."""
        return self.path.partition("{")[0]

    def declared(self, name: str) -> Any:
        """What the action, or else the view, says."""
        return self.options.get(name, getattr(self.view, name, None))

    @property
    def parameters(self) -> list[str]:
        """What its address may ask, beside the filters and pages of a list."""
        asks = self.declared("asks")
        return [*self.declared("query_parameters"), *(asks().fields if asks else ())]

    def url(
        self,
        pk: Any = "",
        product: Any = NO_PRODUCT,
        attachment: Any = NO_ATTACHMENT,
        lease: Any = NO_LEASE,
        line: Any = NO_LINE,
    ) -> str:
        names = {
            "{pk}": str(pk),
            "{product}": str(product),
            "{attachment}": str(attachment),
            "{lease}": str(lease),
            "{account}": str(pk),
            "{line}": str(line),
            "{module}": "sales",
            "{token}": str(pk) or "none",
            "{provider}": "paystack",
            "{name}": "sales-by-day",
        }
        return "/" + PREFIX + re.sub(r"{\w+}", lambda name: names[name[0]], self.path)


def walk(patterns: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, address)
        else:
            yield PARAMETER.sub(r"{\1\2}", address).replace("^", "").replace("$", ""), pattern.callback


def addresses() -> dict[str, Any]:
    """Every address of the product with what answers there."""
    return dict(walk(get_resolver("app.urls").url_patterns))


@cache
def routes() -> tuple[Route, ...]:
    return tuple(routes_among(addresses()))


def by_name() -> dict[str, Route]:
    return {route.name: route for route in routes()}


def routes_among(known: Mapping[str, Any]) -> Iterator[Route]:
    for address, callback in known.items():
        if address.startswith(PREFIX):
            for verb in verbs_of(callback):
                yield Route(verb.upper(), address.removeprefix(PREFIX), callback)


def verbs_of(callback: Any) -> list[str]:
    actions = getattr(callback, "actions", None)
    # DRF adds HEAD to the actions when a view is first called.
    return [verb for verb in VERBS if (verb in actions if actions else hasattr(callback.cls, verb))]
