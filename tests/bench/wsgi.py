"""The project as it is served, and beside it, under one address, Django without any middleware."""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from app import wsgi
from tests.bench.urls import BARE

override_settings(ROOT_URLCONF="tests.bench.urls").enable()
with override_settings(MIDDLEWARE=[]):
    bare = WSGIHandler()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    handler = bare if environ["PATH_INFO"] == BARE else wsgi.application
    return handler(environ, start_response)
