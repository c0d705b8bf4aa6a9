"""A receipt as a page, 80 mm wide, that stands by itself."""

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from sales.receipts import codes
from sales.receipts.content import Receipt

CONTENT_TYPE = "text/html; charset=utf-8"


def render(receipt: Receipt, *, nonce: str = "") -> str:
    """`nonce` is what the answer's policy lets styles pass by."""
    # Only squares, whatever the text: there is nothing in it to be escaped.
    drawn = [(code, mark_safe(codes.as_svg(code.text))) for code in receipt.codes]
    return render_to_string("sales/receipt.html", {"receipt": receipt, "codes": drawn, "nonce": nonce})
