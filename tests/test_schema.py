"""The OpenAPI schema: complete, without warnings, and true of what the server answers."""

import inspect
import json
from collections import Counter
from io import StringIO

import jsonschema
import pytest
import schemathesis
from django.conf import settings as configured
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from schemathesis import checks

from tests.conftest import open_shop
from tests.database import empty

SEARCH = settings(
    max_examples=8,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
FAILURE = ["success", "error", "detail", "code", "errors", "request_id"]
METHODS = {"get", "post", "put", "patch", "delete"}


def generate():
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--format=openapi-json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture(scope="module")
def document():
    return generate()


def operations(document):
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def test_the_schema_is_made_without_a_warning_and_served_as_it_is_made(document, client):
    assert len(operations(document)) >= 50
    served = client.get("/api/schema/", headers={"accept": "application/vnd.oai.openapi+json"})
    assert served.status_code == 200
    assert served.json() == document


def test_the_schema_has_the_canonical_paths_only(document):
    assert {path[:8] for path in document["paths"]} == {"/api/v1/"}


def test_every_operation_lists_its_refusals_in_the_envelope(document):
    failure = document["components"]["schemas"]["Failure"]
    assert failure["required"] == FAILURE
    assert failure["properties"]["success"]["enum"] == [False]
    for name, operation in operations(document).items():
        listed = {status for status in operation["responses"] if status >= "400"}
        wanted = {"400", "401", "403", "405", "429", "500", "503"}
        if "x-capability" in operation:
            wanted |= {"402", "404"}
        if "{" in name:
            wanted |= {"404"}
        if not name.startswith("GET"):
            wanted |= {"409", "411", "413", "415"}
        assert wanted <= listed, name
        for status in listed:
            schema = operation["responses"][status]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Failure"}, f"{name} {status}"


def test_every_operation_that_is_not_public_names_its_right(document):
    # What anybody may, and what any member may about themselves.
    free = {name for name, operation in operations(document).items() if "x-capability" not in operation}
    assert {name.split(" /api/v1/accounts/auth/")[0] for name in free} == {
        "GET", "POST", "DELETE", "GET /api/v1/accounts/roles/", "GET /api/v1/system/files/{token}/",
        "GET /api/v1/system/settings/user/", "PATCH /api/v1/system/settings/user/",
        "GET /api/v1/system/notifications/", "GET /api/v1/system/notifications/{id}/",
        "GET /api/v1/system/notifications/unread/", "POST /api/v1/system/notifications/{id}/read/",
        "POST /api/v1/system/notifications/read-all/",
    }  # fmt: skip
    for name, operation in operations(document).items():
        if name not in free:
            assert f"Right: `{operation['x-capability']}`." in operation["description"], name


def test_what_is_sent_may_have_no_fields_that_are_not_in_the_schema(document):
    seen = 0
    for name, operation in operations(document).items():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            component = document["components"]["schemas"][content["schema"]["$ref"].rsplit("/", 1)[1]]
            assert component["additionalProperties"] is False, name
            seen += 1
    assert seen >= 10


def test_amounts_are_texts_of_plain_digits(document):
    line = document["components"]["schemas"]["SaleLineInputRequest"]["properties"]
    assert line["quantity"]["type"] == "string"
    assert line["quantity"]["pattern"] == r"^-?[0-9]{1,11}(\.[0-9]{1,3})?$"
    assert line["unit_price"]["pattern"] == r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$"


def test_every_header_that_a_page_may_send_is_in_the_schema(document):
    said = json.dumps(document).lower()
    ours = set(configured.CORS_ALLOW_HEADERS) - {"accept", "authorization", "content-type"}
    assert {"x-approver-pin", "x-device-token", "if-match"} <= ours
    assert {name for name in ours if name not in said} == set()


# On one page, always.
WHOLE = (
    "GET /api/v1/accounts/roles/",
    "GET /api/v1/accounts/auth/pin/",
    "GET /api/v1/subscriptions/plans/",
    "GET /api/v1/system/settings/integrations/",
)


def test_every_list_says_how_to_leaf_through_it(document):
    size = {"type": "integer", "minimum": 1, "maximum": 200}
    lists = {
        name: {parameter["name"]: parameter["schema"] for parameter in operation.get("parameters", ())}
        for name, operation in operations(document).items()
        if "results" in str(operation["responses"].get("200", ""))
    }
    assert len(lists) >= 15
    for whole in WHOLE:
        assert not {"page", "page_size", "cursor"} & set(lists.pop(whole)), whole
    for name, parameters in lists.items():
        assert parameters["page_size"] == size, name
        assert ("page" in parameters) != ("cursor" in parameters), name
    ledger = lists["GET /api/v1/inventory/stock-movements/"]
    assert ledger["cursor"] == {"type": "string", "format": "uuid"}
    assert lists["GET /api/v1/inventory/products/"]["page"]["minimum"] == 1


def test_nothing_is_described_by_what_a_base_class_says_of_itself(document):
    bases = below(APIView, BaseSerializer)
    inherited = {inspect.getdoc(base) for base in bases if base.__subclasses__() and base.__doc__}
    described = [operation.get("description", "") for operation in operations(document).values()]
    components = document["components"]["schemas"]
    own = {"Me", "Price", "Report", "SaleSummary", "SerialNumber"}  # which are shown themselves, too
    described += [schema.get("description", "") for name, schema in components.items() if name not in own]
    assert len(inherited) >= 10
    for text in described:
        assert text.split("\n\nRight: ")[0] not in inherited


def below(*bases):
    return [*bases, *(each for base in bases for each in below(*base.__subclasses__()))]


# What is asked for by the address alone.
BODILESS = {
    "DELETE sales/customer-groups/{id}/",
    "DELETE reports/schedules/{id}/",
    "DELETE accounts/auth/sessions/",
    "DELETE accounts/auth/sessions/{id}/",
    "POST accounts/auth/leave/",
    "POST billing/credits/purchases/{id}/check/",
    "POST subscriptions/cancel/",
    "POST subscriptions/payments/{id}/verify/",
    "POST subscriptions/resume/",
    "POST billing/credits/reservations/{id}/release/",
    "POST accounts/auth/logout/",
    "POST accounts/invitations/{id}/resend/",
    "POST accounts/invitations/{id}/revoke/",
    "POST accounts/memberships/{id}/deactivate/",
    "POST accounts/memberships/{id}/erase/",
    "POST accounts/memberships/{id}/hand-over/",
    "POST accounts/memberships/{id}/reactivate/",
    "POST accounts/memberships/{id}/remove-pin/",
    "DELETE inventory/barcode-rules/{id}/",
    "DELETE inventory/reorder-points/{id}/",
    "DELETE inventory/reservations/{id}/",
    "DELETE inventory/adjustments/{id}/attachments/{attachment}/",
    "DELETE inventory/transfers/{id}/attachments/{attachment}/",
    "POST inventory/adjustments/{id}/approve/",
    "POST inventory/purchase-orders/{id}/order/",
    "POST inventory/stock-counts/{id}/approve/",
    "POST inventory/suppliers/{id}/erase/",
    "POST inventory/transfers/{id}/accept/",
    "DELETE sales/carts/{id}/lines/{line}/",
    "POST sales/carts/{id}/park/",
    "POST sales/carts/{id}/release/",
    "POST sales/customers/{id}/erase/",
    "POST sales/incoming-transfers/{id}/see/",
    "POST sales/mobile-payments/{id}/cancel/",
    "POST system/tasks/{id}/cancel/",
    "POST system/tasks/{id}/link/",
    "POST system/notifications/read-all/",
    "POST system/notifications/{id}/read/",
    "DELETE system/settings/integrations/{provider}/",
    "POST system/settings/integrations/{provider}/check/",
    "POST sales/sync-issues/{id}/review/",
}


def test_every_body_and_what_it_is_answered_with_has_an_example_that_is_valid(document):
    bodiless = set()
    for name, operation in operations(document).items():
        if name.startswith("GET "):
            continue
        if "requestBody" not in operation:
            bodiless.add(name.replace("/api/v1/", ""))
        accepted = {status: answer for status, answer in operation["responses"].items() if status < "300"}
        assert accepted, name
        contents = [operation.get("requestBody", {}), *accepted.values()]
        shown = [each for content in contents for each in content.get("content", {}).values()]
        silent = len(accepted.keys() & {"204"}) + ("requestBody" not in operation)
        assert len(shown) == len(contents) - silent, name
        for each in shown:
            schema = {"allOf": [each["schema"]], "components": document["components"]}
            checked = jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)
            assert each["example"], name
            checked.validate(each["example"])
    assert bodiless == BODILESS


def test_what_an_example_is_of_can_be_seen(document):
    begun = operations(document)["POST /api/v1/accounts/auth/pin/change/"]["requestBody"]["content"]
    assert begun["application/json"]["example"] == {"password": "try-makola-2026", "pin": "4702"}
    code = operations(document)["POST /api/v1/accounts/auth/mfa/confirm/"]["requestBody"]["content"]
    assert code["application/json"]["example"] == {"code": "492039"}


def test_ids_in_a_path_are_uuids_and_the_tokens_of_mails_are_texts(document):
    parameters = [each for operation in operations(document).values() for each in operation.get("parameters", ())]
    in_paths = [each for each in parameters if each["in"] == "path"]
    assert len(in_paths) >= 10
    assert {each["name"] for each in in_paths} == {
        "id",
        "product",
        "attachment",
        "lease",
        "line",
        "token",
        "module",
        "provider",
        "name",
    }
    for each in in_paths:
        uuid = {"type": "string", "format": "uuid"}
        assert each["schema"] == (
            uuid if each["name"] not in ("token", "module", "provider", "name") else {"type": "string"}
        )


def test_the_limits_are_in_the_schema_wherever_nobody_has_to_sign_in(document):
    public = [operation for operation in operations(document).values() if {} in operation.get("security", [{}])]
    assert len(public) >= 14
    for operation in public:
        assert "429" in operation["responses"], operation["operationId"]


@pytest.fixture(scope="module")
def fuzzed(django_db_setup, django_db_blocker):
    """A shop that is committed, for the fuzzer commits as it goes. Emptied afterwards."""
    with django_db_blocker.unblock():
        yield open_shop("Fuzzed Stores")
        empty()


CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


def closing(application):
    """The application, whose answers are closed once they are sent: a server does that, the fuzzer does not."""

    def answer(environ, start_response):
        sent = application(environ, start_response)
        try:
            return [b"".join(sent)]
        finally:
            sent.close()

    return answer


def test_whatever_is_generated_from_the_schema_is_answered_as_the_schema_says(fuzzed, subtests):
    schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", closing(get_wsgi_application()))
    statuses = Counter()

    def ask(case):
        fuzzed.sessions.clear()  # what was asked before may have ended it
        answer = case.call_and_validate(headers={"Authorization": fuzzed.bearer()}, checks=CHECKS)
        statuses[answer.status_code] += 1

    for result in schema.get_all_operations():
        operation = result.ok()
        with subtests.test(operation=operation.label):
            SEARCH(given(case=operation.as_strategy())(ask))()
    assert statuses[200] > 0
    assert statuses[201] > 0
    assert statuses.total() > 100
