"""What ends a run: one sentence for the person at the screen, and an exit status."""

FAILED = 1
USAGE = 2
NOT_INSTALLED = 3


class Failure(Exception):
    """The world failed, or a person slipped: what, where, and the cure."""

    def __init__(self, message, status=FAILED):
        super().__init__(message)
        self.status = status
