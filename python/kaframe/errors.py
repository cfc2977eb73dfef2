"""The error classes: what was asked, what came back, where, and apart from that what to do next.

Every class derives from :class:`KaframeError` and, where one fits, from a builtin, so ``except ConnectionError`` works too. The native
part raises them by name; which failure gets which class stands in one table there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._display import plain

if TYPE_CHECKING:
    from ._write import WriteReport

__all__ = [
    "AuthError",
    "ConfigError",
    "ConnectError",
    "CorruptError",
    "DataLossError",
    "DecodeError",
    "KaframeError",
    "KaframeWarning",
    "LimitError",
    "OffsetOutOfRangeError",
    "ProtocolError",
    "ReadTimeoutError",
    "ResultTooLargeError",
    "SchemaError",
    "TlsError",
    "TopicNotFoundError",
    "UnknownOutcomeError",
]


class KaframeWarning(UserWarning):
    """Something about a read or write that the caller should know; the same sentence is in the report's ``warnings``."""


class KaframeError(Exception):
    """Any failure of kaframe.

    Attributes
    ----------
    message : str
        What was asked, what came back and where.
    hint : str or None
        What to do next. ``str(error)`` has it on a line of its own.
    topic : str or None
    partition : int or None
    offset : int or None
        Where it happened, as far as that is known.
    broker : str or None
        The broker that answered, or did not.
    report : WriteReport or None
        Of a write that failed: which rows are written, which are not, and of which that cannot be known.

    Examples
    --------
    >>> try:
    ...     kf.read("ordres")
    ... except kf.TopicNotFoundError as error:
    ...     print(error.topic)
    ordres
    """

    def __init__(
        self,
        message: str = "",
        *,
        hint: str | None = None,
        topic: str | None = None,
        partition: int | None = None,
        offset: int | None = None,
        broker: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.broker = broker
        self.report: WriteReport | None = None

    def __str__(self) -> str:
        # A message may quote names and texts that a broker sent: none of them may steer the terminal.
        text = f"{self.message}\nhint: {self.hint}" if self.hint else self.message
        return "\n".join(plain(line) for line in text.split("\n"))

    def __reduce__(self) -> tuple[object, ...]:
        # The default calls the class with `args` alone; the rest travels as state, so an error survives a process pool.
        return type(self), (self.message,), self.__dict__


class ConfigError(KaframeError, ValueError):
    """What the caller asked for makes no sense, or no brokers are named."""


class DataLossError(KaframeError):
    """Records that the plan promised are gone, or the topic is another one than the bookmark's."""


class TopicNotFoundError(KaframeError, LookupError):
    """No such topic or partition. The hint names the topics that are spelt most alike. Nothing was created."""


class SchemaError(KaframeError):
    """A column that was asked for does not exist."""


class AuthError(KaframeError, PermissionError):
    """The broker does not let us in, or does not let us do this."""


class ConnectError(KaframeError, ConnectionError):
    """No broker could be reached; the message lists every address with its reason."""


class TlsError(ConnectError):
    """The security of the transport failed."""


class ReadTimeoutError(KaframeError, TimeoutError):
    """No progress of any kind for ``timeout`` seconds."""


class ResultTooLargeError(KaframeError):
    """The table would become larger than ``max_result_bytes``: narrow the bounds, choose ``columns=``, or iterate over a scan."""


class OffsetOutOfRangeError(KaframeError, ValueError):
    """A start offset that the partition does not have."""


class DecodeError(KaframeError, ValueError):
    """A value is not in the format asked for (``on_error="raise"``), or none of the values is."""


class ProtocolError(KaframeError):
    """The peer broke the Kafka protocol, or is no Kafka broker."""


class CorruptError(KaframeError):
    """A record batch whose bytes are bad, or whose compression is not supported."""


class LimitError(KaframeError):
    """A budget was exceeded, such as the size of a decompressed batch."""


class UnknownOutcomeError(KaframeError):
    """Whether some records were written cannot be known; ``report.unknown`` says which rows."""


# What users see in a traceback and import is `kaframe.ConfigError`; the file it stands in is no part of its name.
def _rename() -> None:
    for name in __all__:
        globals()[name].__module__ = "kaframe"


_rename()
