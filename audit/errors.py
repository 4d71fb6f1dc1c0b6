"""Every error a user can meet, named by what the caller should do about it.

In: the rule that was broken, the value, the place, the next step. Out: one readable
message and an exit code.

    CorpusAuditError
    |-- UsageError (exit 2)         fix the call
    |   |-- ConfigError             an option, a config file or a policy is wrong
    |   |-- InputError              no input, or none of it can be read
    |   `-- ProfileError            a stored profile is unreadable or does not fit
    |-- RejectRateError (exit 3)    fix the input, or allow more rejects
    `-- RunError (exit 4)           the run itself failed: report it, or resume
        `-- AccountingError         counts do not reconcile: do not use the output
"""

__all__ = [
    "AccountingError",
    "ConfigError",
    "CorpusAuditError",
    "InputError",
    "ProfileError",
    "RejectRateError",
    "RunError",
    "UsageError",
]


class CorpusAuditError(Exception):
    """One readable message: the rule, the value, where, and the next step.

    Args:
        rule: What must hold, as a clause without full stop.
        value: What was found instead.
        where: File, option or table it was found in.
        next_step: What the reader can do now.
    """

    exit_code = 4

    def __init__(
        self, rule: str, *, value: object = None, where: str = "", next_step: str = ""
    ) -> None:
        self.rule, self.value, self.where, self.next_step = (
            rule,
            value,
            where,
            next_step,
        )
        super().__init__(self._message())

    def _message(self) -> str:
        text = self.rule
        if self.value is not None:
            text += (
                f": {self.value!r}"
                if isinstance(self.value, str)
                else (f": {self.value}")
            )
        if self.where:
            text += f" (in {self.where})"
        text += "."
        if self.next_step:
            text += f" {self.next_step}"
        return text

    def __reduce__(self) -> tuple[object, ...]:
        # Beam pickles exceptions between worker and launcher.
        return (
            _rebuild,
            (type(self), self.rule, self.value, self.where, self.next_step),
        )


def _rebuild(
    kind: type[CorpusAuditError], rule: str, value: object, where: str, next_step: str
) -> CorpusAuditError:
    return kind(rule, value=value, where=where, next_step=next_step)


class UsageError(CorpusAuditError):
    """The call is wrong: arguments, config, input or profile."""

    exit_code = 2


class ConfigError(UsageError):
    """An option, a config file or a policy holds something that is not allowed."""


class InputError(UsageError):
    """There is no input, or none of it can be read as documents."""


class ProfileError(UsageError):
    """A stored profile is unreadable, or does not fit the one beside it."""


class RejectRateError(CorpusAuditError):
    """More of the input was rejected than the run allows."""

    exit_code = 3


class RunError(CorpusAuditError):
    """The run itself failed."""

    exit_code = 4


class AccountingError(RunError):
    """Counts do not reconcile between two stages: something was lost or doubled."""
