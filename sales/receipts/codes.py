"""QR codes, as a till's paper needs them: with the margin that readers look for."""

import segno

MARGIN = 4  # modules


def draw(text: str) -> segno.QRCode:
    return segno.make_qr(text, error="m")


def as_svg(text: str) -> str:
    """To stand inside of a page."""
    return draw(text).svg_inline(border=MARGIN, omitsize=True)
