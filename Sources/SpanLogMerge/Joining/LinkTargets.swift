import SpanLogFormat

/// The spans that links from anywhere lead to, each link once.
struct LinkTargets {
    private var links: [Record]

    init(_ records: [Record]) {
        guard !records.isEmpty else {
            links = []
            return
        }
        func key(_ link: Record) -> (UInt64, UInt64, UInt64, UInt64, UInt64) {
            (link.traceHigh, link.spanID, link.parentID, link.start, link.end)
        }
        links = records.sorted { key($0) < key($1) }.reduce(into: []) { unique, link in
            if let last = unique.last, key(last) == key(link) { return }
            unique.append(link)
        }
    }

    /// The spans of what is left, each as often as links lead there.
    var targets: [UInt64] { links.map(\.spanID) }

    var count: UInt64 { UInt64(links.count) }

    /// Takes the links to spans of `id`.
    mutating func take(to id: TraceID) -> [UInt64] {
        guard !links.isEmpty else { return [] }
        let targets = links.filter { $0.traceHigh == id.high }.map(\.spanID)
        links.removeAll { $0.traceHigh == id.high }
        return targets
    }

    mutating func takeAll() -> [UInt64] {
        defer { links = [] }
        return links.map(\.spanID)
    }
}
