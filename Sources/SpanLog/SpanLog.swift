// Who imports SpanLog has the tracing API that it implements, and the identifiers in its API.
@_exported public import SpanLogFormat
@_exported public import Tracing
