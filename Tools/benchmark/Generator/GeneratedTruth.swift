import FoundationEssentials

/// What generated stores really hold, which a merge has to find out.
package struct GeneratedTruth: Sendable, Codable {
    package var shape: StoreShape
    package var hosts: [Host] = []
    package var traceCount = 0
    /// Spans that are in a block which is there and sound, each counted once.
    package var spanCount: UInt64 = 0
    /// Records of a span that is there already.
    package var duplicateCount: UInt64 = 0
    /// Spans of blocks that were left out or damaged.
    package var lostSpanCount: UInt64 = 0
    /// Calls from one host to another.
    package var remoteCallCount: UInt64 = 0
    /// Bytes of all blocks.
    package var byteCount: UInt64 = 0

    /// A host, and what its wall clock says: true time + offset + drift · time since the start.
    package struct Host: Sendable, Codable {
        package var bootID: String
        package var offsetNanoseconds: Int64
        package var driftPPM: Double
        package var steps: [Step] = []
    }

    /// From a moment on, the wall clock says so much more.
    package struct Step: Sendable, Codable {
        package var atNanoseconds: UInt64
        package var nanoseconds: Int64
    }

    package func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return Array(try encoder.encode(self))
    }
}
