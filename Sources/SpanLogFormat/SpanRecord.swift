/// A span as it is stored: OTLP's `Span`, every field of it.
public struct SpanRecord: Hashable, Sendable {
    /// The trace that the span belongs to.
    public var traceID: TraceID
    /// The span's own identifier, unique within its trace.
    public var spanID: SpanID
    /// The span that caused this one, or `nil` for a root.
    public var parentSpanID: SpanID?
    /// The W3C `tracestate` that the span's context carries, empty for none.
    public var traceState = ""
    /// OTLP's `flags`: bits 0–7 are W3C's trace flags, bit 8 says that bit 9 is known, and bit 9
    /// that the parent lives in another process.
    public var flags: UInt32 = 0
    /// The name, chosen so that many spans share it.
    public var name: String
    /// The role of the span in a call.
    public var kind = Kind.unspecified
    /// Nanoseconds since 1970 by the wall clock of the host that recorded the span.
    public var startNanoseconds: UInt64
    /// Nanoseconds since 1970, or 0 for a span whose end was never recorded.
    public var endNanoseconds: UInt64
    /// What the span says about itself. Keys should be unique; where they are not, the last wins.
    public var attributes: [Attribute] = []
    /// Attributes that a limit kept out.
    public var droppedAttributesCount: UInt32 = 0
    /// What happened during the span.
    public var events: [Event] = []
    /// Events that a limit kept out.
    public var droppedEventsCount: UInt32 = 0
    /// Related spans.
    public var links: [Link] = []
    /// Links that a limit kept out.
    public var droppedLinksCount: UInt32 = 0
    /// How the work went.
    public var status = Status()

    /// Creates a span with nothing but its identity and times.
    public init(
        traceID: TraceID, spanID: SpanID, parentSpanID: SpanID? = nil, name: String,
        startNanoseconds: UInt64, endNanoseconds: UInt64
    ) {
        self.traceID = traceID
        self.spanID = spanID
        self.parentSpanID = parentSpanID
        self.name = name
        self.startNanoseconds = startNanoseconds
        self.endNanoseconds = endNanoseconds
    }

    /// The role of a span in a call, with OTLP's numbers.
    public enum Kind: UInt8, Hashable, Sendable {
        case unspecified = 0
        case `internal` = 1
        case server = 2
        case client = 3
        case producer = 4
        case consumer = 5
    }

    /// Something that happened at one instant of a span.
    public struct Event: Hashable, Sendable {
        /// The name, chosen so that many spans share it.
        public var name: String
        /// Nanoseconds since 1970.
        public var nanoseconds: UInt64
        /// What is known about it.
        public var attributes: [Attribute]
        /// Attributes that a limit kept out.
        public var droppedAttributesCount: UInt32

        /// Creates an event.
        public init(
            name: String, nanoseconds: UInt64, attributes: [Attribute] = [],
            droppedAttributesCount: UInt32 = 0
        ) {
            self.name = name
            self.nanoseconds = nanoseconds
            self.attributes = attributes
            self.droppedAttributesCount = droppedAttributesCount
        }
    }

    /// A reference to a span that is related but no parent, in this trace or another.
    public struct Link: Hashable, Sendable {
        /// The trace that the span belongs to.
        public var traceID: TraceID
        /// The span's own identifier, unique within its trace.
        public var spanID: SpanID
        /// The W3C `tracestate` of the other span, empty for none.
        public var traceState: String
        /// What is known about it.
        public var attributes: [Attribute]
        /// Attributes that a limit kept out.
        public var droppedAttributesCount: UInt32
        /// As ``SpanRecord/flags``.
        public var flags: UInt32

        /// Creates a link.
        public init(
            traceID: TraceID, spanID: SpanID, traceState: String = "",
            attributes: [Attribute] = [], droppedAttributesCount: UInt32 = 0, flags: UInt32 = 0
        ) {
            self.traceID = traceID
            self.spanID = spanID
            self.traceState = traceState
            self.attributes = attributes
            self.droppedAttributesCount = droppedAttributesCount
            self.flags = flags
        }
    }

    /// How the work went.
    public struct Status: Hashable, Sendable {
        /// The verdict.
        public var code: Code
        /// Why it failed, empty for none.
        public var message: String

        /// Creates a status.
        public init(code: Code = .unset, message: String = "") {
            self.code = code
            self.message = message
        }

        /// A verdict, with OTLP's numbers.
        public enum Code: UInt8, Hashable, Sendable {
            case unset = 0
            case ok = 1
            case error = 2
        }
    }
}

extension SpanRecord {
    /// Whether the parent lives in another process, or `nil` where the writer did not say.
    public var isParentRemote: Bool? {
        flags & Self.parentRemoteKnown == 0 ? nil : flags & Self.parentRemote != 0
    }

    /// OTLP's `SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK`.
    @inlinable package static var parentRemoteKnown: UInt32 { 1 << 8 }
    /// OTLP's `SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK`.
    @inlinable package static var parentRemote: UInt32 { 1 << 9 }

    /// The flags that say whether the parent lives in another process.
    @inlinable
    package static func parentFlags(_ isRemote: Bool) -> UInt32 {
        parentRemoteKnown | (isRemote ? parentRemote : 0)
    }
}
