"""What was used last stays in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

__all__ = ["RecentlyUsed", "Sized"]


class Sized(Protocol):
    """What says how much memory it takes."""

    @property
    def byte_count(self) -> int:
        """In bytes, roughly."""


_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value", bound=Sized)


class RecentlyUsed(Generic[_Key, _Value]):
    """Values that were asked for last, up to so many bytes together; at least the very last one."""

    def __init__(self, byte_count_max: int, load: Callable[[_Key], _Value]) -> None:
        self._byte_count_max = byte_count_max
        self._load = load
        self._values: OrderedDict[_Key, _Value] = OrderedDict()
        self._byte_count = 0

    def __getitem__(self, key: _Key) -> _Value:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
            return value
        value = self._values[key] = self._load(key)
        self._byte_count += value.byte_count
        while self._byte_count > self._byte_count_max and len(self._values) > 1:
            _, oldest = self._values.popitem(last=False)
            self._byte_count -= oldest.byte_count
        return value
