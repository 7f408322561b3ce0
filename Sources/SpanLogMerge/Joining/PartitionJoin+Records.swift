import SpanLogFormat
import SpanLogStore

extension PartitionJoin {
    /// Joins the records from `start` to `end`, all of the trace `id`, and lays the trace out.
    mutating func joinTrace(
        _ id: TraceID, _ start: Int, _ end: Int, _ linkTargets: [UInt64]
    ) {
        var moves: [Move: UInt64] = [:]
        let (hasOld, hasNew) = joinSpans(id, start, end, &moves)
        if !moves.isEmpty { moveChildren(moves) }
        if hasOld, hasNew { counts.traces.reopened += 1 }
        for target in linkTargets where place(of: target) == nil { counts.links.unresolved += 1 }
        finishTrace(id)
    }

    /// Joins the records from `start` to `end`, all of the trace `id`, into spans.
    ///
    /// - Returns: Whether records came from an archive, and from elsewhere.
    mutating func joinSpans(
        _ id: TraceID, _ start: Int, _ end: Int, _ moves: inout [Move: UInt64]
    ) -> (hasOld: Bool, hasNew: Bool) {
        spans.removeAll(keepingCapacity: true)
        changes.removeAll(keepingCapacity: true)
        twins.removeAll(keepingCapacity: true)
        if !renamed.isEmpty { renamed.removeAll() }
        var first = start
        while first < end {
            let spanID = data.records[first].spanID
            var next = first + 1
            while next < end, data.records[next].spanID == spanID { next += 1 }
            if next == first + 1 {
                let place = UInt32(first)
                spans.append(JoinedSpan(data.records[Int(place)], at: place))
            } else {
                joinRecords((first..<next).map { UInt32($0) }, of: id, &moves)
            }
            first = next
        }
        counts.seen += UInt64(end - start)
        countShortIDs(id, start, end)
        return sources(start, end)
    }

    /// What a recorder called a span that got another identifier.
    struct Move: Hashable {
        let recorder: UInt128
        let from: UInt64
    }

    /// Joins records with the same key.
    private mutating func joinRecords(
        _ places: [UInt32], of id: TraceID, _ moves: inout [Move: UInt64]
    ) {
        let distinct = withoutTwins(places)
        var joined: [JoinedSpan] = []
        for places in groupedByRecorder(distinct) { joined.append(joinVersions(places)) }
        if joined.count > 1 { counts.traces.sharedIDs += 1 }
        joined.sort { precedes($0, $1) }
        spans.append(joined[0])
        for span in joined.dropFirst() { separate(span, from: joined[0], of: id, &moves) }
    }

    /// Of records with the same bytes one, the first by producer, block and place in it.
    private mutating func withoutTwins(_ places: [UInt32]) -> [UInt32] {
        let sorted = places.sorted { left, right in
            let (one, other) = (data.records[Int(left)], data.records[Int(right)])
            if one.hash != other.hash { return one.hash < other.hash }
            return data.key(one) < data.key(other)
        }
        var distinct: [UInt32] = []
        var last = sorted[0]
        for place in sorted {
            let record = data.records[Int(place)]
            guard let kept = distinct.last, data.records[Int(kept)].hash == record.hash else {
                distinct.append(place)
                last = place
                continue
            }
            if data.key(data.records[Int(last)]) == data.key(record) {
                counts.accounting.replica += 1
            } else {
                counts.accounting.identical += 1
                twins.append((kept, place))
                last = place
            }
        }
        return distinct
    }

    private func groupedByRecorder(_ places: [UInt32]) -> [[UInt32]] {
        guard places.count > 1 else { return [places] }
        return Dictionary(grouping: places) { recorder(of: data.records[Int($0)].producer) }
            .sorted { $0.key < $1.key }.map(\.value)
    }

    func recorder(of producer: UInt32) -> UInt128 { data.producers[Int(producer)].origin.recorder }

    /// Joins what one recorder said of one span. Whoever reads the archive joins the rest of it in the same
    /// way: see ``SpanJoining``.
    private mutating func joinVersions(_ places: [UInt32]) -> JoinedSpan {
        guard places.count > 1 else {
            return JoinedSpan(data.records[Int(places[0])], at: places[0])
        }
        counts.accounting.joined += UInt64(places.count - 1)
        let ranked = places.sorted { outranks(data.records[Int($0)], data.records[Int($1)]) }
        let records = ranked.map { data.records[Int($0)] }
        var span = JoinedSpan(records[0], at: ranked[0])
        span.parentID = records.first { $0.parentID != 0 }?.parentID ?? 0
        span.start = records.map(\.start).min() ?? 0
        span.end = records.map(\.end).max() ?? 0
        span.traits.subtract([.isOK, .isError])
        for status in [Record.Traits.isError, .isOK]
        where records.contains(where: { $0.traits.contains(status) }) {
            span.traits.subtract([.isOK, .isError])
            span.traits.insert(status)
        }
        for record in records {
            span.traits.formUnion(
                record.traits.intersection([.hasTraceName, .tellsFailure, .isStreaming]))
        }
        span.change = Int32(changes.count)
        changes.append(SpanChange(originals: ranked))
        return span
    }

    /// Finished before unfinished, later blocks before earlier ones.
    private func outranks(_ left: Record, _ right: Record) -> Bool {
        if left.isFinished != right.isFinished { return left.isFinished }
        let (one, other) = (data.sequence(of: left), data.sequence(of: right))
        if one != other { return one > other }
        return left.hash > right.hash
    }

    /// The caller's half before the other; of equals, the one that started first.
    private func precedes(_ left: JoinedSpan, _ right: JoinedSpan) -> Bool {
        let (one, other) = (Self.isCaller(left.kind), Self.isCaller(right.kind))
        if one != other { return one }
        if left.start != right.start { return left.start < right.start }
        return recorder(of: left.producer) < recorder(of: right.producer)
    }

    private static func isCaller(_ kind: UInt8) -> Bool {
        kind == JoinedSpan.client || kind == JoinedSpan.producerKind
    }

    /// Keeps a second span of one identifier under another one.
    private mutating func separate(
        _ span: JoinedSpan, from first: JoinedSpan, of id: TraceID, _ moves: inout [Move: UInt64]
    ) {
        let isShared =
            first.kind == JoinedSpan.client && span.kind == JoinedSpan.server
            || first.kind == JoinedSpan.producerKind && span.kind == JoinedSpan.consumer
        var span = span
        let recorder = recorder(of: span.producer)
        let newID = Self.newID(of: span, id, recorder)
        let change = changeIndex(of: &span)
        changes[change].hasNewID = true
        changes[change].attributes.append(
            Attribute(AttributeKey.originalSpanID, .string(SpanID(span.spanID).description)))
        if isShared {
            counts.traces.sharedSplits += 1
            changes[change].hasNewParent = true
            span.parentID = span.spanID
        } else {
            counts.traces.collisions += 1
        }
        moves[Move(recorder: recorder, from: span.spanID)] = newID
        renamed[newID] = spans.count
        span.spanID = newID
        spans.append(span)
    }

    /// The first 8 bytes of SHA-256("share", trace, span, recorder, kind), never zero.
    static func newID(of span: JoinedSpan, _ id: TraceID, _ recorder: UInt128) -> UInt64 {
        let content =
            Array("share".utf8) + id.bytes + SpanID(span.spanID).bytes + recorder.bigEndianBytes
            + [span.kind]
        return max(1, UInt64(bigEndianBytes: SHA256.hash(content).prefix(8)))
    }

    /// Children that a recorder recorded of a span of its own follow that span.
    mutating func moveChildren(_ moves: [Move: UInt64]) {
        for index in spans.indices {
            guard let newID = newParent(of: index, moves) else { continue }
            setParent(newID, of: index, keepingOldAs: AttributeKey.originalParentSpanID)
        }
    }

    /// The identifier that the parent of a span got, or `nil` if it has kept its own.
    func newParent(of index: Int, _ moves: [Move: UInt64]) -> UInt64? {
        let span = spans[index]
        guard span.parentID != 0 else { return nil }
        let move = Move(recorder: recorder(of: span.producer), from: span.parentID)
        // The answer to a shared call is below the other half, not below itself.
        guard let newID = moves[move], newID != span.spanID else { return nil }
        return newID
    }

    /// Gives a span another parent, or none for 0, and notes the one that it had.
    mutating func setParent(_ parentID: UInt64, of index: Int, keepingOldAs key: String) {
        let old = SpanID(spans[index].parentID).description
        let change = changeIndex(ofSpanAt: index)
        changes[change].hasNewParent = true
        changes[change].attributes.append(Attribute(key, .string(old)))
        spans[index].parentID = parentID
    }

    private mutating func changeIndex(ofSpanAt index: Int) -> Int {
        var span = spans[index]
        defer { spans[index] = span }
        return changeIndex(of: &span)
    }

    /// The place of the span's change, which is made if there is none.
    private mutating func changeIndex(of span: inout JoinedSpan) -> Int {
        if span.change < 0 {
            span.change = Int32(changes.count)
            changes.append(SpanChange(originals: [span.record]))
        }
        return Int(span.change)
    }

    /// Counts the records whose ids of 64 bits became the one that they belong to.
    private mutating func countShortIDs(_ id: TraceID, _ start: Int, _ end: Int) {
        for index in start..<end where data.records[index].traceHigh != id.high {
            counts.traces.tid64Joined += 1
        }
    }

    private func sources(_ start: Int, _ end: Int) -> (hasOld: Bool, hasNew: Bool) {
        guard options.isIncremental else { return (false, true) }
        var (hasOld, hasNew) = (false, false)
        for index in start..<end {
            let isOld = data.records[index].traits.contains(.isFromArchive)
            if isOld { hasOld = true } else { hasNew = true }
        }
        return (hasOld, hasNew)
    }

    /// The place of the span `spanID` of the trace at hand.
    func place(of spanID: UInt64) -> Int? {
        if spans.count <= 8 { return spans.firstIndex { $0.spanID == spanID } }
        let order = Mix.mix(spanID)
        var (low, high) = (0, spans.count)
        while low < high {
            let middle = (low + high) / 2
            if spans[middle].order < order { low = middle + 1 } else { high = middle }
        }
        // Of spans with one key, the first has kept it.
        if low < spans.count, spans[low].spanID == spanID { return low }
        return renamed[spanID]
    }
}
