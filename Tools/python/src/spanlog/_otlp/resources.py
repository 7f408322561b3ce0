"""What all spans of a recorder have in common: the resource and the scope."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from typing import Any

from .._version import VERSION
from .protobuf import delimited, varint
from .values import Keys, attribute_fields

__all__ = ["encoded_resource", "encoded_scope", "traces_data_prefix"]

_UNKNOWN_SERVICE = "unknown_service"


def encoded_resource(attributes: Mapping[str, Any], recorder_id: bytes) -> bytes:
    """A serialized ``Resource``: ``attributes``, and what can be found out about the process.

    What the caller says wins, save for a service's name that the SDK made up.
    """
    executable = os.path.basename(sys.argv[0] if sys.argv and sys.argv[0] else sys.executable)
    values: dict[str, Any] = {
        "service.instance.id": _uuid(recorder_id),
        "host.name": platform.node(),
        "os.type": "linux",
        "process.pid": os.getpid(),
        "process.executable.name": executable or "python",
        "process.runtime.name": sys.implementation.name,
        "process.runtime.version": platform.python_version(),
        "telemetry.sdk.language": "python",
    }
    values.update(attributes)
    name = values.get("service.name")
    if not name or name == _UNKNOWN_SERVICE:
        values["service.name"] = f"{_UNKNOWN_SERVICE}:{executable or 'python'}"
    # A fork has a process id of its own, whatever the SDK found out before.
    values["process.pid"] = os.getpid()
    return b"".join(attribute_fields(Keys(b"\n"), sorted(values.items())))


def encoded_scope() -> bytes:
    """A serialized ``InstrumentationScope``: this recorder's."""
    return delimited(b"\n", b"spanlog-python") + delimited(b"\x12", VERSION.encode())


def traces_data_prefix(resource: bytes, scope: bytes, entries_byte_count: int) -> bytes:
    """The bytes of a ``TracesData`` before so many bytes of spans, behind which nothing follows."""
    scope_field = delimited(b"\n", scope)
    resource_field = delimited(b"\n", resource)
    scope_spans = b"\x12" + varint(len(scope_field) + entries_byte_count) + scope_field
    inner = resource_field + scope_spans
    return b"\n" + varint(len(inner) + entries_byte_count) + inner


def _uuid(recorder_id: bytes) -> str:
    """The recorder's id in the form that OpenTelemetry recommends for instances."""
    digits = recorder_id.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
