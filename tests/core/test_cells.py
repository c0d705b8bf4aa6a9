import csv
from io import StringIO
from itertools import pairwise, product

from core.cells import cell, read_cell


def test_s48_every_text_is_read_back_from_its_cell_and_none_begins_a_formula():
    """S48."""
    texts = ["".join(letters) for length in range(6) for letters in product("='; \t+x\n\"", repeat=length)]
    for text in texts:
        shown = cell(text)
        assert read_cell(shown) == text
        assert not shown.startswith(tuple("=+-@\t\r"))
        beginnings = {f"{parting}{sign}" for parting in ";\t\n" for sign in "=+"}
        assert not beginnings & {"".join(pair) for pair in pairwise(shown)}


def test_s48_nor_does_a_cell_begin_one_where_semicolons_part_them():
    """S48."""
    for text in ("a\n=1+1", "a\r\n@x", 'a;"=1+1"', 'a\n""=1', 'a\t"-1,"'):
        out = StringIO()
        csv.writer(out).writerow(["first", cell(text), "last"])
        for delimiter in ";\t":
            rows = csv.reader(StringIO(out.getvalue(), newline=""), delimiter=delimiter)
            assert not [each for row in rows for each in row if each.startswith(tuple("=+-@"))]
        assert read_cell(cell(text)) == text


def test_what_other_spreadsheets_write_is_left_as_it_is():
    for text in ("plain", "it's", "'tis", "5'6", "a;b", "-5", "=1+1"):
        assert read_cell(text) == text
