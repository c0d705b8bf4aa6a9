class ReplayError(Exception):
    """Why a replay cannot go on, as a sentence."""


class Unreadable(ReplayError):
    """The export is not what it should be."""


class Unreachable(ReplayError):
    """The server gives no answer, or not Makola's."""


class Refused(ReplayError):
    """The API said no. `status` is HTTP's."""

    def __init__(self, sentence: str, *, status: int) -> None:
        super().__init__(sentence)
        self.status = status
