import SpanLogFormat

/// What blocks tell of clocks besides their spans: anchors, and when they were sealed.
///
/// It is a function of the set of blocks. An archive keeps it, so that stores which are merged into it
/// later give the corrections of all stores at once.
struct ClockSources: Sendable {
    /// Of each boot.
    private(set) var anchors: [ClockDomain: ClockAnchors] = [:]
    private(set) var seals = SealTimes()
    private(set) var domains = ClockDomains()
    private var last: (bootID: [UInt8], domain: ClockDomain)?

    /// Takes the anchor of a block.
    ///
    /// Spans that were received may have waited anywhere: when their block was sealed is not noted.
    ///
    /// - Parameter holdsOpenSpans: Whether it has no number of its own.
    mutating func add(_ header: BlockHeader, holdsOpenSpans: Bool) {
        if last?.bootID != header.anchor.bootID {
            last = ClockDomain(bootID: header.anchor.bootID).map { (header.anchor.bootID, $0) }
        }
        // Without a boot there is nothing to compare with.
        guard let domain = last?.domain else { return }
        if anchors[domain] == nil {
            anchors[domain] = ClockAnchors()
            domains.insert(domain)
        }
        // What a spool leaves is no anchor: the recorder may have waited between the two clocks.
        if !header.isRecovered { anchors[domain]?.add(header.anchor) }
        guard !holdsOpenSpans, !header.isReceived else { return }
        seals.add(
            .init(
                recorder: UInt128(bigEndianBytes: header.recorderID.bytes),
                sequence: header.sequence, sealed: header.sealedBoottime))
    }

    mutating func add(_ anchors: ClockAnchors, of domain: ClockDomain) {
        domains.insert(domain)
        self.anchors[domain, default: ClockAnchors()].merge(anchors)
    }

    mutating func add(_ block: SealTimes.Block) { seals.add(block) }

    /// Takes what an archive kept.
    mutating func add(_ other: ClockSources) {
        for (domain, anchors) in other.anchors { add(anchors, of: domain) }
        other.seals.forEach { seals.add($0) }
    }

    mutating func add(_ domains: ClockDomains) { self.domains.formUnion(domains) }
}

extension BlockHeader {
    /// The clock since boot when the block was sealed.
    ///
    /// A block that was recovered from a spool was not: its anchor is the recorder's last sign of life,
    /// which its last spans may have outlived by a moment.
    fileprivate var sealedBoottime: UInt64 {
        let boottime = ClockTime.clamped(anchor.boottimeNanoseconds)
        guard isRecovered else { return UInt64(boottime) }
        let after =
            ClockTime.clamped(latestNanoseconds) - ClockTime.clamped(anchor.realtimeNanoseconds)
        return UInt64(boottime + (0...Self.outlivedMax ~= after ? after : 0))
    }

    /// Two clocks are never read at the same moment; a spool does not say how far apart.
    fileprivate var isRecovered: Bool { anchor.uncertaintyNanoseconds == 0 }

    private static var outlivedMax: Int64 { 1_000_000_000 }
}
