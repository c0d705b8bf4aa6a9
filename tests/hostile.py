"""Input that nobody should send, and what its refusal must look like."""

import inspect
import json

ENVELOPE = {"success", "error", "detail", "code", "errors", "request_id"}
CUSTOMERS = "/api/v1/sales/customers/"
PRODUCTS = "/api/v1/inventory/products/"
STOCK = "/api/v1/inventory/stock/"
STOCK_PRODUCTS = "/api/v1/inventory/stock-products/"
MOVEMENTS = "/api/v1/inventory/stock-movements/"
SALES = "/api/v1/sales/sales/"
SUMMARY = "/api/v1/sales/sales/summary/"
AUTH = "/api/v1/accounts/auth/"
ME = f"{AUTH}me/"
LOGIN = f"{AUTH}login/"
TOKEN = f"{AUTH}token/"
PIN = f"{AUTH}pin/"
NOBODYS_ID = "01890a5d-ac96-774b-bcce-b302099a8057"

# Digits that Python's int, Decimal, UUID and date take for 1, 2, 3.
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def each(names, cases):
    """One test of many cases, each told apart when it fails: they share a shop, for it costs more than they do."""
    names = [name.strip() for name in names.split(",")] if isinstance(names, str) else names

    def share(test):
        parameters = inspect.signature(test).parameters
        asked = [name for name in parameters if name not in {*names, "subtests"}]

        def run(subtests, **fixtures):
            more = {"subtests": subtests} if "subtests" in parameters else {}
            for case in cases:
                values = dict(zip(names, case if len(names) > 1 else [case], strict=True))
                with subtests.test(**{name: ascii(value)[:80] for name, value in values.items()}):
                    test(**fixtures, **more, **values)

        run.__name__, run.__doc__ = test.__name__, test.__doc__
        run.__signature__ = inspect.Signature(
            [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in [*asked, "subtests"]]
        )
        return run

    return share


def refused(response, status, code=None, fields=None):
    """The body of a refusal, once it is known to have the status and the whole envelope."""
    assert response.status_code == status, response.content[:500]
    return envelope(response.headers, response.content, code=code, fields=fields)


def envelope(headers, content, *, code=None, fields=None):
    assert headers["Content-Type"] == "application/json"
    body = json.loads(content)
    assert ENVELOPE <= set(body) <= {*ENVELOPE, "meta"}
    assert body["success"] is False
    assert all(isinstance(body[name], str) and body[name] for name in ("error", "detail", "code", "request_id"))
    assert all(set(error) == {"field", "code", "detail"} for error in body["errors"])
    assert body["request_id"] == headers["X-Request-ID"]
    if code is not None:
        assert body["code"] == code, body
    if fields is not None:
        assert {error["field"]: error["code"] for error in body["errors"]} == fields
    return body


def send(client, body, path=CUSTOMERS, *, method="post", content_type="application/json", **headers):
    """Exactly these bytes."""
    raw = body if isinstance(body, bytes) else body.encode()
    return getattr(client, method)(path, data=raw, content_type=content_type, **headers)


def basket(shop, **line):
    return shop.basket(lines=[{"product": str(shop.products[0].pk), "quantity": "1", **line}])
