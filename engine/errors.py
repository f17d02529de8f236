"""The one tree of errors: each says what, where, and the next thing to try."""

from __future__ import annotations


class KullaError(Exception):
    """Something a person can act on; the command line prints it without a traceback.

    `where` is `file:line`, a record or an address; `hint` is the next command or step to try.
    """

    exit_code = 3

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.message}"


class UsageError(KullaError):
    """The command was called with words that do not fit together (exit code 2)."""

    exit_code = 2


class ConfigurationError(KullaError):
    """A setting, a file or a folder that kulla was pointed at cannot be used."""


class InputError(KullaError):
    """Input that cannot be read as what it claims to be (exit code 4 when the run goes on without it)."""

    exit_code = 4


class MalformedRecordError(InputError):
    """One record of a log that its parser cannot read; it becomes a dead letter with this reason."""


class RuleError(InputError):
    """A rule that cannot be loaded; it is listed and stops nothing."""


class StoreError(KullaError):
    """The store cannot be reached, is full, or answers with something else than it should."""


class DeniedError(StoreError):
    """The store refuses this to whoever asks: a right is missing. What the rights allow goes on."""


class UnreadableError(StoreError):
    """A part of what the store holds cannot be read now: a damaged file, a lost shard. The rest can."""


class NotFoundError(KullaError):
    """An id or a name that nothing answers to."""

    exit_code = 2


class LedgerError(KullaError):
    """The ledger's chain does not hold: a record was changed, removed or put in another place."""

    exit_code = 1
