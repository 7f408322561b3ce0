internal import SpanLogFormat
internal import SpanLogStore

/// Gathers a file's spans by resource until they fill blocks.
///
/// Each resource is a recorder of its own, as it was a process of its own. Its id, and what is in which
/// block, follow from the file's content alone.
struct BlockGathering {
    private let identity: [UInt8]
    private var gathering: [UInt128: Gathered] = [:]
    /// The keys of these, the one first that has waited longest.
    private var order: [UInt128] = []
    /// What is known of resources whose spans are all in blocks.
    private var resting: [UInt128: Recorder] = [:]
    private var byteCount = 0

    fileprivate struct Recorder {
        let id: RecorderID
        var nextSequence: UInt64 = 0
    }

    fileprivate struct Gathered {
        var recorder: Recorder
        let resource: [UInt8]
        let schema: [UInt8]
        /// By scope and schema.
        var scopes: [[UInt8]: Int] = [:]
        var spans: [(scope: [UInt8], entries: [UInt8])] = []
        var spanCount = 0
        var byteCount = 0
        var earliestNanoseconds = UInt64.max
        var latestNanoseconds: UInt64 = 0
    }

    /// - Parameter identity: What tells the file's content from any other.
    init(identity: [UInt8]) {
        self.identity = identity
    }

    /// The resources seen so far.
    var resourceCount: Int { gathering.count + resting.count }

    /// Why a span cannot be taken.
    struct Refusal: Error {
        let reason: String
    }

    /// Takes a span that has been scanned.
    ///
    /// - Returns: Blocks that are complete now.
    mutating func add(
        _ span: ScannedSpan, _ bytes: [UInt8], _ place: Range<Int>, _ group: SpanPlaces.Group
    ) throws(Refusal) -> [SharedStoreWriter.Draft] {
        let key = try begin(bytes, group)
        let scope = scopeFields(bytes, group)
        var entry = ProtobufWriter(reserving: place.count + 8)
        entry.data(OTLPField.ScopeSpans.spans, bytes[place])
        gathering[key]!.add(entry.bytes, span, scope)
        byteCount += entry.bytes.count
        if gathering[key]!.byteCount >= FileLimits.blockByteCount { return [end(key)] }
        return byteCount >= FileLimits.gatheringByteCountMax ? finish() : []
    }

    /// The blocks of everything that waits.
    mutating func finish() -> [SharedStoreWriter.Draft] {
        var drafts: [SharedStoreWriter.Draft] = []
        // A resource that has come again stands there twice.
        for key in order where gathering[key] != nil { drafts.append(end(key)) }
        order.removeAll()
        return drafts
    }

    private mutating func begin(
        _ bytes: [UInt8], _ group: SpanPlaces.Group
    ) throws(Refusal) -> UInt128 {
        var name = ProtobufWriter()
        name.data(1, bytes[group.resource])
        name.data(2, bytes[group.resourceSchema])
        let key = Checksum.xxh128(name.bytes, 0..<name.bytes.count)
        guard gathering[key] == nil else { return key }
        let known = resting.removeValue(forKey: key)
        if known == nil { try check(bytes, group) }
        gathering[key] = Gathered(
            recorder: known ?? Recorder(id: recorderID(name.bytes)),
            resource: Array(bytes[group.resource]), schema: Array(bytes[group.resourceSchema]))
        order.append(key)
        return key
    }

    /// Checks a resource that has not been seen yet.
    private func check(_ bytes: [UInt8], _ group: SpanPlaces.Group) throws(Refusal) {
        guard (try? Resource(decoding: bytes, group.resource)) != nil else {
            throw Refusal(reason: "a span's resource cannot be decoded")
        }
        guard resourceCount < FileLimits.resourceCountMax else {
            let max = FileLimits.resourceCountMax
            throw Refusal(reason: "there are more than \(max) resources in the file")
        }
    }

    private func recorderID(_ name: [UInt8]) -> RecorderID {
        RecorderID(bytes: SHA256.hash(identity + name).prefix(RecorderID.byteCount))!
    }

    /// The fields of a `ScopeSpans` besides its spans.
    private func scopeFields(_ bytes: [UInt8], _ group: SpanPlaces.Group) -> [UInt8] {
        var writer = ProtobufWriter()
        if !group.scope.isEmpty { writer.data(OTLPField.ScopeSpans.scope, bytes[group.scope]) }
        if !group.scopeSchema.isEmpty {
            writer.data(OTLPField.ScopeSpans.schemaURL, bytes[group.scopeSchema])
        }
        return writer.bytes
    }

    private mutating func end(_ key: UInt128) -> SharedStoreWriter.Draft {
        let gathered = gathering.removeValue(forKey: key)!
        byteCount -= gathered.byteCount
        var recorder = gathered.recorder
        recorder.nextSequence += 1
        resting[key] = recorder
        if order.count > 2 * gathering.count + 64 { order.removeAll { gathering[$0] == nil } }
        return gathered.draft
    }
}

extension BlockGathering.Gathered {
    mutating func add(_ entry: [UInt8], _ span: ScannedSpan, _ scope: [UInt8]) {
        let index = scopes[scope] ?? spans.count
        if index == spans.count {
            scopes[scope] = index
            spans.append((scope, []))
        }
        spans[index].entries += entry
        spanCount += 1
        byteCount += entry.count
        earliestNanoseconds = min(earliestNanoseconds, span.startNanoseconds)
        latestNanoseconds = max(latestNanoseconds, span.startNanoseconds, span.endNanoseconds)
    }

    /// The block.
    var draft: SharedStoreWriter.Draft {
        typealias Field = OTLPField.ResourceSpans
        var content = ProtobufWriter(reserving: byteCount + resource.count + 256)
        if !resource.isEmpty { content.data(Field.resource, resource) }
        for (scope, entries) in spans {
            content.tag(Field.scopeSpans, .lengthDelimited)
            content.varint(UInt64(scope.count + entries.count))
            content.bytes += scope
            content.bytes += entries
        }
        if !schema.isEmpty { content.data(Field.schemaURL, schema) }
        var writer = ProtobufWriter(reserving: content.bytes.count + 8)
        writer.data(OTLPField.TracesData.resourceSpans, content.bytes)
        var draft = SharedStoreWriter.Draft(
            recorderID: recorder.id, sequence: recorder.nextSequence, hasOwnClock: false)
        draft.spanCount = spanCount
        draft.earliestNanoseconds = earliestNanoseconds
        draft.latestNanoseconds = latestNanoseconds
        draft.payload = writer.bytes
        return draft
    }
}
