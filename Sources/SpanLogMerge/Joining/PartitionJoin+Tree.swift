import SpanLogFormat
import SpanLogStore

extension PartitionJoin {
    /// Finds parents, cuts cycles, counts the trace's shape, and lays it out.
    mutating func finishTrace(_ id: TraceID) throws {
        findParents()
        if mayHaveCycles { cutCycles() }
        findClockFacts()
        var shape = Shape()
        addShape(to: &shape)
        if spans.contains(where: { $0.kind == JoinedSpan.client }) {
            markAnswered()
            let marks = marks
            countCalls { marks[$0] != 0 }
        }
        count(shape)
        layOut(id)
        // The bytes of the spans are in the processor's cache now.
        summarize(id, shape)
    }

    private mutating func findParents() {
        parents.removeAll(keepingCapacity: true)
        for span in spans {
            guard span.parentID != 0 else {
                parents.append(Self.noParent)
                continue
            }
            parents.append(place(of: span.parentID).map { Int32($0) } ?? Self.missingParent)
        }
    }

    /// Whether some span does not start after its parent: without one there can be no cycle.
    private var mayHaveCycles: Bool {
        for (index, parent) in parents.enumerated() where parent >= 0 {
            if spans[Int(parent)].start >= spans[index].start { return true }
        }
        return false
    }

    /// Cuts each cycle of parents at its member that started first, which becomes a root.
    ///
    /// - Complexity: O(*n*) in the number of spans; nothing recurses, however long chains are.
    private mutating func cutCycles() {
        marks.removeAll(keepingCapacity: true)
        marks.append(contentsOf: repeatElement(0, count: spans.count))
        for first in spans.indices where marks[first] == 0 {
            // Each walk upwards leaves its own mark; who meets the own mark has found a cycle.
            let mark = UInt32(first + 1)
            var index = Int32(first)
            while index >= 0, marks[Int(index)] == 0 {
                marks[Int(index)] = mark
                index = parents[Int(index)]
            }
            if index >= 0, marks[Int(index)] == mark { cutCycle(through: Int(index)) }
        }
    }

    private mutating func cutCycle(through member: Int) {
        var least = member
        var index = Int(parents[member])
        while index != member {
            let (one, other) = (spans[index], spans[least])
            if (one.start, one.spanID) < (other.start, other.spanID) { least = index }
            index = Int(parents[index])
        }
        counts.traces.cycles += 1
        setParent(0, of: least, keepingOldAs: AttributeKey.cycleParentSpanID)
        parents[least] = Self.noParent
    }

    /// What a trace's summary says of its shape.
    struct Shape {
        var spans = 0
        var roots = 0
        var orphans = 0
        /// The place of the root that started first.
        var mainRoot: Int?
        /// The parents that are not there.
        var missing: Set<UInt64> = []
    }

    /// Adds the spans at hand to what is known of their trace.
    mutating func addShape(to shape: inout Shape) {
        shape.spans += spans.count
        for (index, span) in spans.enumerated() where !span.traits.contains(.isNote) {
            if span.end == 0 { counts.traces.unfinished += 1 }
            switch parents[index] {
            case Self.noParent:
                shape.roots += 1
                let isFirst = shape.mainRoot.map { root in
                    (span.start, span.spanID) < (spans[root].start, spans[root].spanID)
                }
                if isFirst != false { shape.mainRoot = index }
            case Self.missingParent:
                shape.orphans += 1
                shape.missing.insert(span.parentID)
                let kind = rules.kind(of: span, recordedBy: recorder(of: span.producer))
                counts.orphans[kind.rawValue] += 1
            default: break
            }
        }
    }

    mutating func count(_ shape: Shape) {
        counts.accounting.spansOut += UInt64(shape.spans)
        counts.traces.missingParents += shape.missing.count
        counts.traces.total += 1
        counts.traces.orphans += shape.orphans
        if shape.roots == 1, shape.orphans == 0 { counts.traces.whole += 1 }
        if shape.roots > 1 { counts.traces.multiRoot += 1 }
        if shape.roots == 0 { counts.traces.headless += 1 }
    }

    /// Marks the spans whose call somebody answered.
    private mutating func markAnswered() {
        marks.removeAll(keepingCapacity: true)
        marks.append(contentsOf: repeatElement(0, count: spans.count))
        for (index, parent) in parents.enumerated() where parent >= 0 && spans[index].isAnswer {
            marks[Int(parent)] = 1
        }
    }

    /// Counts calls whose other side nobody recorded.
    mutating func countCalls(_ isAnswered: (Int) -> Bool) {
        for (index, span) in spans.enumerated()
        where span.kind == JoinedSpan.client && !isAnswered(index) {
            let range = data.records[Int(span.record)].range
            let called = ScannedSpan.calledService(in: data.bytes.span, range)
            guard !called.isEmpty else { continue }
            let name = String(decoding: called, as: UTF8.self)
            guard counts.calls[name] != nil || counts.calls.count < CalledService.namesMax else {
                counts.calls[CalledService.others, default: 0] += 1
                continue
            }
            counts.calls[name, default: 0] += 1
        }
    }

    private mutating func summarize(_ id: TraceID, _ shape: Shape) {
        var times = Times()
        times.add(spans)
        let (bytes, name) = name(times.naming, shape.mainRoot ?? times.first)
        findClockRanges()
        append(
            id, times, shape, (bytes, name), services, clockRanges, clockNames(times, shape))
    }

    /// What a trace's summary says of its times and status.
    struct Times {
        var start = UInt64.max
        var end: UInt64 = 0
        var errors = 0
        /// The place of the span that started first, and of the last one that names the trace.
        var first = 0
        var naming: Int?

        /// Adds the spans at hand. A note, which may come days after its trace, counts only if there is
        /// nothing else.
        mutating func add(_ spans: [JoinedSpan]) {
            let isNoteOnly = spans.allSatisfy { $0.traits.contains(.isNote) }
            for (index, span) in spans.enumerated() {
                if isNoteOnly || !span.traits.contains(.isNote) {
                    add(span, at: index, among: spans)
                } else if span.traits.contains(.hasTraceName) {
                    addName(span, at: index, among: spans)
                }
            }
        }

        @inline(__always)
        private mutating func add(_ span: JoinedSpan, at index: Int, among spans: [JoinedSpan]) {
            if (span.start, span.spanID) < (start, spans[first].spanID) { first = index }
            start = min(start, span.start)
            end = max(end, span.end, span.start)
            if span.status == 2 { errors += 1 }
            if span.traits.contains(.hasTraceName) { addName(span, at: index, among: spans) }
        }

        private mutating func addName(
            _ span: JoinedSpan, at index: Int, among spans: [JoinedSpan]
        ) {
            let isLater = naming.map { name in
                (span.start, span.spanID) > (spans[name].start, spans[name].spanID)
            }
            if isLater != false { naming = index }
        }
    }

    mutating func append(
        _ id: TraceID, _ times: Times, _ shape: Shape, _ name: (bytes: [UInt8], range: Range<Int>),
        _ services: [String], _ ranges: ClockRanges, _ names: ClockNames
    ) {
        archive.summaries.append(id, start: times.start) { writer in
            typealias Field = TraceSummary.Field
            writer.field(Field.traceID, id)
            writer.field(Field.name, name.bytes, name.range)
            writer.fixed64(Field.start, times.start)
            writer.fixed64(Field.end, times.end)
            writer.uint64(Field.spanCount, UInt64(shape.spans))
            writer.uint64(Field.errorCount, UInt64(times.errors))
            writer.uint64(Field.rootCount, UInt64(shape.roots))
            writer.uint64(Field.orphanCount, UInt64(shape.orphans))
            for service in services { writer.string(Field.service, service) }
            ranges.encode(from: times.start, to: times.end, into: &writer)
            names.encode(from: times.start, into: &writer)
        }
    }

    /// Where the name stands that the span at `naming` gives the trace, or else the name of the
    /// span at `main`.
    func name(_ naming: Int?, _ main: Int) -> (bytes: [UInt8], Range<Int>) {
        if let naming {
            let (bytes, range) = content(of: spans[naming])
            if let span = try? ScannedSpan(scanning: bytes.span, range), let name = span.traceName {
                return (bytes, name)
            }
        }
        let (bytes, range) = content(of: spans[main])
        let hasSeveral = spans[main].traits.contains(.hasSeveralNames)
        return (bytes, ScannedSpan.name(in: bytes.span, range, hasSeveral: hasSeveral))
    }

    /// The bytes of a span, before its identifiers are changed.
    func content(of span: JoinedSpan) -> (bytes: [UInt8], range: Range<Int>) {
        if span.change >= 0, let joined = changes[Int(span.change)].joined {
            return (joined, 0..<joined.count)
        }
        return (data.bytes, data.records[Int(span.record)].range)
    }

    /// The names of the services that the spans at hand are of, sorted.
    var services: [String] {
        guard spans.count <= 64 else {
            let places = Set(spans.lazy.map { data.serviceOfProducer[Int($0.producer)] })
            return places.sorted().map { data.services[Int($0)] }
        }
        var services: [String] = []
        var last = -1
        // The next greater place each time: traces have few services.
        while true {
            var next = Int.max
            for span in spans {
                let place = Int(data.serviceOfProducer[Int(span.producer)])
                if place > last, place < next { next = place }
            }
            guard next < Int.max else { return services }
            services.append(data.services[next])
            last = next
        }
    }
}
