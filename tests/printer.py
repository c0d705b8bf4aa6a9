"""A thermal printer, as far as receipts go: what its commands put on the paper. It knows no other commands."""

from dataclasses import dataclass, field

STATES = {
    b"\x1ba\x00": ("align", "left"),
    b"\x1ba\x01": ("align", "centre"),
    b"\x1bE\x00": ("is_bold", False),
    b"\x1bE\x01": ("is_bold", True),
    b"\x1d!\x00": ("is_tall", False),
    b"\x1d!\x01": ("is_tall", True),
}


@dataclass
class Paper:
    """`lines` with how each was printed, and the texts of the QR codes."""

    lines: list[str] = field(default_factory=list)
    bold: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    is_cut: bool = False


class Printer:
    def __init__(self) -> None:
        self.paper = Paper()
        self.state = {"align": "left", "is_bold": False, "is_tall": False}
        self.encoding = self.stored = self.line = None

    def feed(self, data: bytes) -> Paper:
        while data:
            data = data[self.take(data) :]
        assert self.line == "", "the last line never came out"
        return self.paper

    def take(self, data: bytes) -> int:
        """Do what the data begins with; how many bytes that was."""
        assert not self.paper.is_cut, "something comes after the cut"
        if data.startswith(b"\x1b@"):
            assert self.line is None, "started twice"
            self.line = ""
            return 2
        if data.startswith(b"\x1bt"):
            self.encoding = {16: "cp1252"}[data[2]]
            return 3
        if data[:3] in STATES:
            name, value = STATES[data[:3]]
            self.state[name] = value
            return 3
        if data.startswith(b"\x1d(k"):
            length = int.from_bytes(data[3:5], "little")
            self.draw_code(data[5 : 5 + length])
            return 5 + length
        if data.startswith(b"\x1dVB"):
            self.paper.is_cut = True
            return 4
        return self.write(data[:1])

    def draw_code(self, function: bytes) -> None:
        if function.startswith(b"1P0"):
            self.stored = function[3:].decode("ascii")
        elif function == b"1Q0":
            self.paper.codes.append(self.stored)
        else:
            assert function[:2] in (b"1A", b"1C", b"1E"), function

    def write(self, letter: bytes) -> int:
        if letter != b"\n":
            assert letter >= b" ", f"a command that is none: {letter!r}"
            self.line += letter.decode(self.encoding)
            return 1
        self.paper.lines.append(self.line)
        if self.state["is_bold"]:
            self.paper.bold.append(self.line)
        self.line = ""
        return 1


def printed(data: bytes) -> Paper:
    return Printer().feed(data)
