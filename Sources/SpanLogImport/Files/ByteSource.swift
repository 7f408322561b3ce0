internal import SpanLogStore

/// Bytes that come one piece after the other.
public protocol ByteSource: AnyObject {
    /// The next bytes, at least one and about a megabyte at most, or `nil` at the end.
    ///
    /// - Throws: ``SourceDamage`` if nothing can be read from here on; what came before counts.
    func next() throws -> [UInt8]?
}

/// Why bytes end before they should.
public struct SourceDamage: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, for the person who has the file.
    public let description: String

    /// Creates an error.
    public init(_ description: String) {
        self.description = description
    }
}

/// The bytes of something that can be read as often as one likes.
final class StoredBytes: ByteSource {
    private let read: (_ offset: UInt64, _ count: Int) throws -> [UInt8]
    private var offset: UInt64 = 0

    init(_ file: ReadOnlyFile) {
        read = { try file.bytes(at: $0, count: $1) }
    }

    init(_ file: ScratchFile) {
        read = { try file.bytes(at: $0, count: $1) }
    }

    func next() throws -> [UInt8]? {
        let bytes = try read(offset, Self.byteCount)
        offset += UInt64(bytes.count)
        return bytes.isEmpty ? nil : bytes
    }

    private static let byteCount = 1 << 18
}

/// What Zstandard frames hold, one after the other.
final class ZstdBytes: ByteSource {
    private let source: any ByteSource
    private let stream: ZstdStream
    private var input: [UInt8] = []
    private var position = 0

    init(_ source: any ByteSource) throws {
        guard let stream = ZstdStream() else {
            throw ImportError(.unreadable, "There is no memory left to decompress anything.")
        }
        self.source = source
        self.stream = stream
    }

    func next() throws -> [UInt8]? {
        while true {
            do {
                let output = try stream.next(input, from: &position)
                if !output.isEmpty { return Array(output) }
            } catch {
                throw SourceDamage("its compressed bytes are damaged")
            }
            guard position == input.count else { continue }
            guard let bytes = try source.next() else {
                guard stream.isAtFrameEnd else { throw SourceDamage("it is cut off") }
                return nil
            }
            (input, position) = (bytes, 0)
        }
    }
}

/// Bytes that are there already, and then those of a source.
final class LeadingBytes: ByteSource {
    private var first: [UInt8]?
    private let source: any ByteSource

    init(_ first: [UInt8], then source: any ByteSource) {
        self.first = first.isEmpty ? nil : first
        self.source = source
    }

    func next() throws -> [UInt8]? {
        if let bytes = first.take() { return bytes }
        return try source.next()
    }
}
