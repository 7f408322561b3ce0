"""Record the traces of services that no collector can reach, and join them afterwards.

`SpanLogProcessor` records OpenTelemetry's spans into a store on the service's own disk, and
`spanlog.mlflow.record` those of MLflow's tracing. Stores of Python and Swift services are the same,
and the command ``spanlog`` joins them: ``spanlog merge``, ``spanlog export mlflow``.
"""

from ._version import VERSION as __version__
from .errors import SpanLogError
from .exporter import SpanLogExporter
from .options import RecorderOptions
from .processor import SpanLogProcessor
from .reading import ArchivedSpan, SpanClock, read_frame, read_spans
from .recorder import Recorder

__all__ = [
    "ArchivedSpan",
    "Recorder",
    "RecorderOptions",
    "SpanClock",
    "SpanLogError",
    "SpanLogExporter",
    "SpanLogProcessor",
    "__version__",
    "read_frame",
    "read_spans",
]
