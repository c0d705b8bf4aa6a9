"""A PDF of labels, read back; its bars by the book of those who gave them, and not by who drew them."""

import re
import zlib
from base64 import a85decode
from collections.abc import Iterator


def texts(drawing: str) -> list[str]:
    """What is written on a label, where it is in ASCII."""
    return [text.replace("\\(", "(").replace("\\)", ")") for text in re.findall(r"\((.*?)\) Tj", drawing)]


def streams(pdf: bytes) -> Iterator[tuple[bytes, str]]:
    """The head and the content of every object that has some, but for fonts."""
    for each in pdf.split(b"\nendobj\n"):
        found = re.search(rb"(<<.*>>)\s*stream\n(.*)endstream", each, re.DOTALL)
        if found and b"/ASCII85Decode" in found[1]:
            packed = a85decode(found[2].strip().removesuffix(b"~>"))
            yield found[1], zlib.decompress(packed).decode("latin-1")


def drawings(pdf: bytes) -> list[str]:
    """What each label is drawn by, in no order."""
    return [content for head, content in streams(pdf) if b"/Subtype /Form" in head]


def pages(pdf: bytes) -> list[int]:
    """How many labels each page has."""
    return [content.count(" Do") for head, content in streams(pdf) if b"/Subtype /Form" not in head]


def sizes(pdf: bytes) -> set[bytes]:
    return set(re.findall(rb"/MediaBox \[(.*?)\]", pdf))


def bars(drawing: str) -> str:
    """The modules of the bars from left to right, 1 for black, by the thinnest one."""
    filled = re.findall(r"([\d.]+) ([-\d.]+) ([\d.]+) ([\d.]+) re f\b", drawing)
    spans = sorted((float(x), float(width)) for x, _, width, _ in filled)
    module = min(width for _, width in spans)
    shown, end = "", spans[0][0]
    for x, width in spans:
        shown += "0" * round((x - end) / module) + "1" * round(width / module)
        end = x + width
    return shown


# By the General Specifications of GS1, section 5.2: the left digits with odd parity; the even ones are the right ones
# from behind; the parities of the six on the left tell the first of thirteen.
ODD = ["0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011"]
RIGHT = ["".join("10"[int(module)] for module in digit) for digit in ODD]
EVEN = [digit[::-1] for digit in RIGHT]
FIRST = ["OOOOOO", "OOEOEE", "OOEEOE", "OOEEEO", "OEOOEE", "OEEOOE", "OEEEOO", "OEOEOE", "OEOEEO", "OEEOEO"]


def read_ean(modules: str) -> str:
    """The digits of EAN-13, UPC-A (as thirteen) or EAN-8."""
    half = {95: 6, 67: 4}[len(modules)]
    middle = 3 + 7 * half
    assert (modules[:3], modules[middle : middle + 5], modules[-3:]) == ("101", "01010", "101")
    left = [modules[3 + 7 * place :][:7] for place in range(half)]
    right = [modules[middle + 5 + 7 * place :][:7] for place in range(half)]
    parity = "".join("O" if digit in ODD else "E" for digit in left)
    digits = [ODD.index(digit) if digit in ODD else EVEN.index(digit) for digit in left]
    first = [FIRST.index(parity)] if half == 6 else []
    return "".join(map(str, [*first, *digits, *(RIGHT.index(digit) for digit in right)]))
