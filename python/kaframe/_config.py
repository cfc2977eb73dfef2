"""Where the brokers are: the arguments of a call as the properties that the core takes.

The environment (``KAFKA_BOOTSTRAP_SERVERS``) and the names of properties are the core's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

    #: ``"host:port,host:port"`` or a list of ``"host:port"``.
    Servers: TypeAlias = str | Iterable[str]
    #: Properties by the names that librdkafka, Java or kafka-python give them.
    Properties: TypeAlias = Mapping[str, object]

_SERVERS = ("bootstrap.servers", "bootstrap_servers", "metadata.broker.list")


def properties(bootstrap_servers: Servers | None, config: Properties | None) -> dict[str, str]:
    """Both arguments as one dictionary of text. ``bootstrap_servers`` wins over the same property in ``config``."""
    if config is not None and not isinstance(config, Mapping):
        raise TypeError(
            f'config takes a dictionary of properties such as {{"bootstrap.servers": "host:9092"}}, not {type(config).__name__}'
        )
    merged = {str(name): _text(value) for name, value in (config or {}).items() if value is not None}
    if bootstrap_servers is not None:
        for name in _SERVERS:
            merged.pop(name, None)
        merged["bootstrap.servers"] = _servers(bootstrap_servers)
    return merged


def _servers(value: object) -> str:
    """Servers as one text. Not those of other types: an integer as text would be the name of a host."""
    found = [value] if isinstance(value, (str, Mapping)) or not isinstance(value, Iterable) else list(value)
    texts = [one for one in found if isinstance(one, str)]
    if len(texts) < len(found):
        raise TypeError(f'bootstrap_servers takes "host:port,host:port" or a list of these, not {value!r}')
    return ",".join(texts)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Iterable) and not isinstance(value, (bytes, Mapping)):
        return ",".join(str(one) for one in value)
    return str(value)
