import Glibc
package import SpanLogFormat
import Synchronization

/// A span that is still open, as the OTLP bytes that it will be.
///
/// The bytes stand in a slot of the spool's table of open spans, where they survive the process,
/// and move to memory of the draft's own when they outgrow it; the slot keeps the first of them. A
/// ``SpoolLane`` makes drafts and takes them back when their spans end.
@safe
package struct SpanDraft: ~Copyable {
    // Small numbers, so that a draft moves in few words.
    private var start: UnsafeMutablePointer<UInt8>
    /// A bit for each appended key, by which most new keys are known to be new.
    private var keyFilter: UInt64 = 0
    private var capacity: UInt32
    private var storedByteCount: UInt32 = 0
    /// Where the attributes begin, behind the fields that every span has.
    private var attributesOffset: UInt32 = 0
    private var storedAttributeCount: UInt32 = 0
    private var storedSlot: Int32
    private var isInSlot: Bool

    /// A draft in the slot with this content.
    @unsafe
    init(slot: Int, content: UnsafeMutablePointer<UInt8>) {
        storedSlot = Int32(truncatingIfNeeded: slot)
        isInSlot = true
        unsafe start = content
        capacity = UInt32(SpoolLayout.Slot.contentByteCountMax)
    }

    /// A draft in memory of its own, where the table of open spans is full.
    init() {
        storedSlot = -1
        isInSlot = false
        capacity = Self.heapByteCountMin
        unsafe start = .allocate(capacity: Int(capacity))
    }

    /// No draft: nothing may be appended.
    private init(nothing: Void) {
        storedSlot = -1
        isInSlot = false
        capacity = 0
        unsafe start = UnsafeMutablePointer(bitPattern: MemoryLayout<UInt64>.alignment)!
    }

    /// The draft of a span that records nothing.
    package static var nothing: SpanDraft { SpanDraft(nothing: ()) }

    deinit {
        if ownsMemory { unsafe start.deallocate() }
    }

    /// How many bytes there are.
    private var byteCount: Int {
        @inline(__always) get { Int(storedByteCount) }
        @inline(__always) set { storedByteCount = UInt32(truncatingIfNeeded: newValue) }
    }

    /// How many attributes have been appended.
    package var attributeCount: Int { Int(storedAttributeCount) }

    /// The slot that the span stands in, if there was room for it.
    var slot: Int? { storedSlot < 0 ? nil : Int(storedSlot) }

    private var ownsMemory: Bool { !isInSlot && capacity > 0 }

    private static let heapByteCountMin: UInt32 = 1024
    /// What ``finish(at:)`` appends, for which there is always room.
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

    /// Writes the fields of the start.
    mutating func begin(_ head: Head, name: String, traceState: String) {
        let nameByteCount = name.utf8.count
        reserve(Self.headByteCountMax &+ nameByteCount)
        unsafe write { writer in
            unsafe writer.head(head)
            unsafe writer.byte(FieldTag.name)
            unsafe writer.varint(UInt64(truncatingIfNeeded: nameByteCount))
            unsafe writer.text(name)
        }
        if !traceState.isEmpty { append(traceState: traceState) }
        attributesOffset = storedByteCount
        publish()
    }

    private mutating func append(traceState: String) {
        let count = traceState.utf8.count
        reserve(Self.headByteCountMax &+ count)
        unsafe write { writer in
            unsafe writer.byte(FieldTag.traceState)
            unsafe writer.varint(UInt64(truncatingIfNeeded: count))
            unsafe writer.text(traceState)
        }
    }

    /// The longest head, without its texts.
    private static let headByteCountMax = 96

    /// Appends fields of the span other than attributes, such as events, already encoded.
    package mutating func append(_ fields: [UInt8]) {
        reserve(fields.count)
        unsafe write { writer in
            unsafe fields.withUnsafeBufferPointer { unsafe writer.bytes($0) }
        }
    }

    /// Puts other fields in place of all.
    package mutating func replace(with fields: [UInt8]) {
        leaveSlot()
        byteCount = 0
        append(fields)
    }

    /// Writes the end. Nothing may follow.
    mutating func finish(at nanoseconds: UInt64) {
        unsafe write { writer in
            unsafe writer.byte(FieldTag.end)
            unsafe writer.number(nanoseconds)
        }
    }

    /// Ends the draft, whose bytes somebody has taken over.
    mutating func close() {
        self = .nothing
    }

    /// Calls `body` with the bytes so far.
    @unsafe
    @inline(__always)
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        unsafe body(UnsafeBufferPointer(start: start, count: byteCount))
    }

    /// The bytes so far.
    package var bytes: [UInt8] { unsafe withBytes { unsafe Array($0) } }

    /// Keeps what follows out of what survives the process.
    package mutating func leaveSlot() {
        if isInSlot { moveToHeap(reserving: 0) }
    }
}

// MARK: Attributes

extension SpanDraft {
    /// Appends an attribute with a text as its value, unless the key is there already, or as many
    /// attributes as there may be.
    ///
    /// - Parameter isNew: Whether the caller knows that the key is not there.
    /// - Returns: Whether it was appended.
    /// - Complexity: O(1) in the number of attributes as a rule, O(*n*) if the key may be there.
    package mutating func append(
        _ key: String, _ value: String, countMax: Int, isNew: Bool
    ) -> Bool {
        let count = value.utf8.count
        let valueByteCount = 1 &+ Varint.byteCount(count) &+ count
        return unsafe attribute(key, countMax, isNew, valueByteCount: valueByteCount) { writer in
            unsafe writer.byte(FieldTag.string)
            unsafe writer.varint(UInt64(truncatingIfNeeded: count))
            unsafe writer.text(value)
        }
    }

    /// As for a text.
    package mutating func append(
        _ key: String, _ value: Int64, countMax: Int, isNew: Bool
    ) -> Bool {
        let bits = UInt64(bitPattern: value)
        let count = 1 + Varint.byteCount(Int(value))
        return unsafe attribute(key, countMax, isNew, valueByteCount: count) { writer in
            unsafe writer.byte(FieldTag.int)
            unsafe writer.varint(bits)
        }
    }

    /// As for a text.
    package mutating func append(
        _ key: String, _ value: Double, countMax: Int, isNew: Bool
    ) -> Bool {
        unsafe attribute(key, countMax, isNew, valueByteCount: 9) { writer in
            unsafe writer.byte(FieldTag.double)
            unsafe writer.number(value.bitPattern)
        }
    }

    /// As for a text.
    package mutating func append(
        _ key: String, _ value: Bool, countMax: Int, isNew: Bool
    ) -> Bool {
        unsafe attribute(key, countMax, isNew, valueByteCount: 2) { writer in
            unsafe writer.byte(FieldTag.bool)
            unsafe writer.byte(value ? 1 : 0)
        }
    }

    /// As for a text, with a value of any type.
    package mutating func append(
        _ attribute: Attribute, countMax: Int, isNew: Bool
    ) -> Bool {
        var writer = ProtobufWriter()
        writer.attributeValue(attribute.value)
        return unsafe writer.bytes.withUnsafeBufferPointer { value in
            unsafe self.attribute(
                attribute.key, countMax, isNew, valueByteCount: value.count
            ) { writer in
                unsafe writer.bytes(value)
            }
        }
    }

    @inline(__always)
    private mutating func attribute(
        _ key: String, _ countMax: Int, _ isNew: Bool, valueByteCount: Int,
        _ value: (inout RawWriter) -> Void
    ) -> Bool {
        if storedAttributeCount >= countMax { return false }
        let keyByteCount = key.utf8.count
        let lengths = AttributeLengths(key: keyByteCount, value: valueByteCount)
        reserve(lengths.whole)
        var writer = unsafe RawWriter(start + byteCount)
        unsafe writer.byte(FieldTag.attribute)
        unsafe writer.varint(UInt64(truncatingIfNeeded: lengths.content))
        unsafe writer.byte(FieldTag.key)
        unsafe writer.varint(UInt64(truncatingIfNeeded: keyByteCount))
        let keyStart = unsafe writer.position
        unsafe writer.text(key)
        // The key is compared where it stands now; as long as the number of bytes stays, it does
        // not count.
        let bit = unsafe Self.filterBit(keyStart, keyByteCount)
        if !isNew, keyFilter & bit != 0, unsafe contains(keyStart, keyByteCount) { return false }
        unsafe writer.byte(FieldTag.value)
        unsafe writer.varint(UInt64(truncatingIfNeeded: valueByteCount))
        unsafe value(&writer)
        byteCount = unsafe start.distance(to: writer.position)
        storedAttributeCount &+= 1
        keyFilter |= bit
        publish()
        return true
    }

    /// The bytes of an attribute as a field of the span: a key and a value in a message.
    private struct AttributeLengths {
        /// Without the message's tag and length.
        let content: Int
        let whole: Int

        @inline(__always)
        init(key: Int, value: Int) {
            content = 2 &+ Varint.byteCount(key) &+ key &+ Varint.byteCount(value) &+ value
            whole = 1 &+ Varint.byteCount(content) &+ content
        }
    }

    @inline(__always)
    private static func filterBit(_ key: UnsafeMutablePointer<UInt8>, _ count: Int) -> UInt64 {
        guard count > 0 else { return 1 }
        let (first, last) = unsafe (key[0], key[count &- 1])
        // A masking shift takes the low six bits of the sum.
        return 1 &<< (UInt64(count) &* 31 &+ UInt64(first) &* 7 &+ UInt64(last))
    }

    @inline(never)
    private func contains(_ key: UnsafeMutablePointer<UInt8>, _ count: Int) -> Bool {
        var position = Int(attributesOffset)
        while position < byteCount {
            // Tag and length of the attribute, tag and length of its key, the key.
            let attribute = number(at: position + 1)
            let name = number(at: attribute.end + 1)
            if name.value == count, unsafe memcmp(start + name.end, key, count) == 0 {
                return true
            }
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

    /// The attributes so far, as bytes of the span's fields.
    package var attributeBytes: [UInt8] {
        unsafe withBytes { unsafe Array($0[Int(attributesOffset)...]) }
    }

    /// Takes all attributes back, so that others can be written in their place.
    package mutating func removeAttributes() {
        storedByteCount = attributesOffset
        storedAttributeCount = 0
        keyFilter = 0
        publish()
        // Whoever finds the old number in the slot must find the old attributes behind it.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
    }
}

// MARK: Memory

extension SpanDraft {
    @inline(__always)
    private mutating func write(_ body: (inout RawWriter) -> Void) {
        var writer = unsafe RawWriter(start + byteCount)
        unsafe body(&writer)
        byteCount = unsafe start.distance(to: writer.position)
    }

    /// Makes what has been written so far part of what survives the process.
    @inline(__always)
    private func publish() {
        guard isInSlot else { return }
        // SAFETY: in a slot, `start` points at the content, which the number precedes.
        let count =
            unsafe UnsafeMutableRawPointer(start) - SpoolLayout.Slot.contentByteCountDistance
        unsafe count.assumingMemoryBound(to: Atomic<UInt64>.self).pointee
            .store(UInt64(byteCount), ordering: .releasing)
    }

    @inline(__always)
    private mutating func reserve(_ count: Int) {
        let needed = byteCount &+ count &+ Self.tailByteCount
        if needed > Int(capacity) { moveToHeap(reserving: needed) }
    }

    @inline(never)
    private mutating func moveToHeap(reserving needed: Int) {
        let size = max(needed, 2 * Int(capacity), Int(Self.heapByteCountMin))
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        unsafe memory.update(from: start, count: byteCount)
        if ownsMemory { unsafe start.deallocate() }
        unsafe start = memory
        capacity = UInt32(size)
        isInSlot = false
    }
}

extension RawWriter {
    @inline(__always)
    fileprivate mutating func head(_ head: SpanDraft.Head) {
        unsafe byte(FieldTag.traceID)
        unsafe byte(16)
        unsafe number(head.traceID.high.bigEndian)
        unsafe number(head.traceID.low.bigEndian)
        unsafe byte(FieldTag.spanID)
        unsafe byte(8)
        unsafe number(head.spanID.value.bigEndian)
        if let parent = head.parentSpanID {
            unsafe byte(FieldTag.parentSpanID)
            unsafe byte(8)
            unsafe number(parent.value.bigEndian)
        }
        unsafe byte(FieldTag.kind)
        unsafe byte(head.kind.rawValue)
        unsafe byte(FieldTag.start)
        unsafe number(head.startNanoseconds)
        unsafe byte(FieldTag.flags.0)
        unsafe byte(FieldTag.flags.1)
        unsafe number(head.flags)
    }
}
