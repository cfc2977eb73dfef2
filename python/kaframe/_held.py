"""Objects that hold native memory or connections: they are shared by copies, and not pickled."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from typing import NoReturn, TypeVar

    H = TypeVar("H", bound="Held")


class Held:
    """What never changes is its own copy; what cannot travel to another process says what can."""

    __slots__ = ()

    _in_its_place: ClassVar[str]

    def __copy__(self: H) -> H:
        return self

    def __deepcopy__(self: H, memo: object) -> H:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} cannot be pickled: {self._in_its_place}")
