package import SpanLogFormat
import Synchronization

/// A span that is still open, as the OTLP bytes that it will be.
///
/// The bytes stand in a slot of the spool's table of open spans, where they survive the process,
/// and move to memory of the draft's own when they outgrow it; the slot keeps the first of them.
@safe
package struct SpanDraft: ~Copyable {
    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private var isInSlot: Bool
    /// How many bytes there are.
    package private(set) var byteCount = 0
    /// Where the attributes begin, behind the fields that every span has.
    private var attributesOffset = 0
    private var isEnded = false
    let slot: Int?
    private let spool: Spool

    /// A draft in a slot, or in memory of its own where the table is full.
    init(spool: Spool, slot: Int?) {
        self.spool = spool
        self.slot = slot
        isInSlot = slot != nil
        if let slot {
            unsafe start = spool.slotContent(slot)
            capacity = SpoolLayout.Slot.contentByteCountMax
        } else {
            capacity = Self.heapByteCountMin
            unsafe start = .allocate(capacity: capacity)
        }
    }

    deinit {
        // A span that nobody ended and nobody can end any more is recorded as unfinished.
        if !isEnded { spool.abandon(self) }
        if !isInSlot { unsafe start.deallocate() }
    }

    private static let heapByteCountMin = 1024
    /// What ``end(at:)`` appends, for which there is always room.
    private static let tailByteCount = 9
}

extension SpanDraft {
    /// The fields that a span has from its start.
    package struct Head {
        package let traceID: TraceID
        package let spanID: SpanID
        package let parentSpanID: SpanID?
        package let flags: UInt32
        package let kind: SpanRecord.Kind
        package let startNanoseconds: UInt64

        package init(
            traceID: TraceID, spanID: SpanID, parentSpanID: SpanID?, flags: UInt32,
            kind: SpanRecord.Kind, startNanoseconds: UInt64
        ) {
            self.traceID = traceID
            self.spanID = spanID
            self.parentSpanID = parentSpanID
            self.flags = flags
            self.kind = kind
            self.startNanoseconds = startNanoseconds
        }
    }

    /// Writes the fields of the start. From here on the span survives the process as unfinished.
    package mutating func begin(_ head: Head, name: String, traceState: String) {
        let texts = name.utf8.count + traceState.utf8.count
        reserve(Self.headByteCountMax + texts)
        unsafe write { writer in
            unsafe writer.byte(FieldTag.traceID)
            unsafe writer.byte(16)
            unsafe writer.number(head.traceID.high.bigEndian)
            unsafe writer.number(head.traceID.low.bigEndian)
            unsafe writer.byte(FieldTag.spanID)
            unsafe writer.byte(8)
            unsafe writer.number(head.spanID.value.bigEndian)
            if let parent = head.parentSpanID {
                unsafe writer.byte(FieldTag.parentSpanID)
                unsafe writer.byte(8)
                unsafe writer.number(parent.value.bigEndian)
            }
            unsafe writer.byte(FieldTag.kind)
            unsafe writer.byte(head.kind.rawValue)
            unsafe writer.byte(FieldTag.start)
            unsafe writer.number(head.startNanoseconds)
            unsafe writer.byte(FieldTag.flags.0)
            unsafe writer.byte(FieldTag.flags.1)
            unsafe writer.number(head.flags)
            unsafe writer.byte(FieldTag.name)
            unsafe writer.varint(UInt64(name.utf8.count))
            unsafe writer.text(name)
            if !traceState.isEmpty {
                unsafe writer.byte(FieldTag.traceState)
                unsafe writer.varint(UInt64(traceState.utf8.count))
                unsafe writer.text(traceState)
            }
        }
        attributesOffset = byteCount
        publish()
        if let slot { spool.open(slot) }
    }

    /// The longest head, without its two texts.
    private static let headByteCountMax = 96

    /// Appends an attribute with a value of one of the simple types.
    package mutating func append(_ key: String, _ value: String) {
        let count = value.utf8.count
        let valueCount = 1 + Varint.byteCount(count) + count
        unsafe attribute(key, valueByteCount: valueCount) { writer in
            unsafe writer.byte(FieldTag.string)
            unsafe writer.varint(UInt64(count))
            unsafe writer.text(value)
        }
    }

    package mutating func append(_ key: String, _ value: Int64) {
        let bits = UInt64(bitPattern: value)
        let valueCount = 1 + Varint.byteCount(Int(value))
        unsafe attribute(key, valueByteCount: valueCount) { writer in
            unsafe writer.byte(FieldTag.int)
            unsafe writer.varint(bits)
        }
    }

    package mutating func append(_ key: String, _ value: Double) {
        unsafe attribute(key, valueByteCount: 9) { writer in
            unsafe writer.byte(FieldTag.double)
            unsafe writer.number(value.bitPattern)
        }
    }

    package mutating func append(_ key: String, _ value: Bool) {
        unsafe attribute(key, valueByteCount: 2) { writer in
            unsafe writer.byte(FieldTag.bool)
            unsafe writer.byte(value ? 1 : 0)
        }
    }

    /// Appends an attribute of any type.
    package mutating func append(_ attribute: Attribute) {
        var writer = ProtobufWriter()
        writer.attributes(OTLPField.Span.attributes, [attribute])
        append(writer.bytes)
        publish()
    }

    private mutating func attribute(
        _ key: String, valueByteCount: Int, _ value: (inout RawWriter) -> Void
    ) {
        let keyCount = key.utf8.count
        let count =
            1 + Varint.byteCount(keyCount) + keyCount
            + 1 + Varint.byteCount(valueByteCount) + valueByteCount
        reserve(1 + Varint.byteCount(count) + count)
        unsafe write { writer in
            unsafe writer.byte(FieldTag.attribute)
            unsafe writer.varint(UInt64(count))
            unsafe writer.byte(FieldTag.key)
            unsafe writer.varint(UInt64(keyCount))
            unsafe writer.text(key)
            unsafe writer.byte(FieldTag.value)
            unsafe writer.varint(UInt64(valueByteCount))
            unsafe value(&writer)
        }
        publish()
    }

    /// Whether no attribute has been appended.
    package var hasNoAttributes: Bool { byteCount == attributesOffset }

    /// Whether an attribute with this key has been appended.
    ///
    /// - Complexity: O(*n*) in the number of attributes.
    package func containsAttribute(_ key: String) -> Bool {
        var position = attributesOffset
        while position < byteCount {
            // Tag and length of the attribute, tag and length of its key, the key.
            let attribute = number(at: position + 1)
            let name = number(at: attribute.end + 1)
            if name.value == key.utf8.count, isEqual(key, at: name.end) { return true }
            position = attribute.end + attribute.value
        }
        return false
    }

    private func number(at position: Int) -> (value: Int, end: Int) {
        var (value, shift, position) = (0, 0, position)
        while true {
            let byte = unsafe start[position]
            value |= Int(byte & 0x7F) << shift
            position += 1
            shift += 7
            if byte < 0x80 { return (value, position) }
        }
    }

    private func isEqual(_ key: String, at position: Int) -> Bool {
        let stored = unsafe UnsafeBufferPointer(start: start + position, count: key.utf8.count)
        return unsafe stored.elementsEqual(key.utf8)
    }

    /// The attributes so far, as bytes of the span's fields.
    package var attributeBytes: [UInt8] {
        unsafe Array(
            UnsafeBufferPointer(
                start: start + attributesOffset, count: byteCount - attributesOffset))
    }

    /// Takes all attributes back, so that others can be written in their place. The slot keeps the
    /// first ones as they were.
    package mutating func removeAttributes() {
        if isInSlot { moveToHeap(reserving: 0) }
        byteCount = attributesOffset
    }

    /// Appends fields of the span other than attributes, such as events, already encoded.
    package mutating func append(_ fields: [UInt8]) {
        reserve(fields.count)
        unsafe write { writer in
            unsafe fields.withUnsafeBufferPointer { unsafe writer.bytes($0) }
        }
    }

    /// Writes the end, and hands the span over to the spool.
    package consuming func end(at nanoseconds: UInt64, start: UInt64) {
        unsafe write { writer in
            unsafe writer.byte(FieldTag.end)
            unsafe writer.number(nanoseconds)
        }
        let bytes = unsafe UnsafeBufferPointer(start: self.start, count: byteCount)
        unsafe spool.append(bytes, slot: slot, start: start, end: nanoseconds)
        isEnded = true
    }

    /// The bytes so far.
    var bytes: [UInt8] {
        unsafe Array(UnsafeBufferPointer(start: start, count: byteCount))
    }
}

extension SpanDraft {
    private mutating func write(_ body: (inout RawWriter) -> Void) {
        var writer = unsafe RawWriter(start + byteCount)
        unsafe body(&writer)
        byteCount = unsafe start.distance(to: writer.position)
    }

    /// Makes what has been written so far part of what survives the process.
    private func publish() {
        guard isInSlot else { return }
        // SAFETY: in a slot, `start` points at the content, which the number precedes.
        let count =
            unsafe UnsafeMutableRawPointer(start) - SpoolLayout.Slot.contentByteCountDistance
        unsafe count.assumingMemoryBound(to: Atomic<UInt64>.self).pointee
            .store(UInt64(byteCount), ordering: .releasing)
    }

    private mutating func reserve(_ count: Int) {
        let needed = byteCount + count + Self.tailByteCount
        if needed > capacity { moveToHeap(reserving: needed) }
    }

    private mutating func moveToHeap(reserving needed: Int) {
        let size = max(needed, 2 * capacity, Self.heapByteCountMin)
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        unsafe memory.update(from: start, count: byteCount)
        if !isInSlot { unsafe start.deallocate() }
        unsafe start = memory
        capacity = size
        isInSlot = false
    }
}
