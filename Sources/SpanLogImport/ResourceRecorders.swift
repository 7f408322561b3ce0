import SpanLogFormat

/// The recorders that an importer writes on behalf of: one for each resource and clock.
///
/// One that has not been heard of for long is forgotten; when it comes again it gets another id, as a
/// process that is started again does.
struct ResourceRecorders {
    private var recorders: [Name: Recorder] = [:]
    private var useCount: UInt64 = 0

    /// What tells recorders apart.
    struct Name: Hashable, Sendable {
        private let hash: [UInt8]
        let clock: SenderClock

        init(_ part: CheckedTraces.Part, _ clock: SenderClock) {
            var content = ProtobufWriter()
            content.data(1, part.bytes[part.resource])
            content.data(2, part.bytes[part.schemaURL])
            hash = SHA256.hash(content.bytes)
            self.clock = clock
        }
    }

    private struct Recorder {
        let id: RecorderID
        var nextSequence: UInt64 = 0
        var lastUse: UInt64
    }

    /// The next block of a recorder.
    mutating func next(_ name: Name) -> (id: RecorderID, sequence: UInt64) {
        useCount += 1
        if recorders.count >= Self.countMax { forgetHalf() }
        var recorder = recorders[name] ?? Recorder(id: .random(), lastUse: useCount)
        defer {
            recorder.nextSequence += 1
            recorder.lastUse = useCount
            recorders[name] = recorder
        }
        return (recorder.id, recorder.nextSequence)
    }

    /// Lets a recorder end: whether its last block reached the disk is not known.
    mutating func end(_ name: Name) {
        recorders[name] = nil
    }

    private mutating func forgetHalf() {
        let uses = recorders.values.map(\.lastUse).sorted()
        let middle = uses[uses.count / 2]
        recorders = recorders.filter { $0.value.lastUse >= middle }
    }

    private static let countMax = 1 << 14
}

extension RecorderID {
    /// A new one.
    static func random() -> RecorderID {
        RecorderID(bytes: (0..<byteCount).map { _ in UInt8.random(in: 0 ... .max) })!
    }
}
