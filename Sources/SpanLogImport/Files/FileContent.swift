internal import SpanLogFormat
internal import SpanLogStore

/// A file's bytes, decompressed: read once for what they are, and again for the spans in them.
struct FileContent {
    /// What to call the file.
    let name: String
    /// The first bytes, up to ``FileOpening/byteCount``.
    private(set) var opening: [UInt8] = []
    /// The number of all bytes.
    private(set) var byteCount: UInt64 = 0
    /// Tells the content from any other: a hash of 16 bytes.
    private(set) var digest = [UInt8](repeating: 0, count: 16)
    /// Why the content ends before it should.
    private(set) var damage: SourceDamage?

    private let stored: () -> any ByteSource
    private let gunzip: ((any ByteSource) throws -> any ByteSource)?

    /// Reads what is at `path`; `-` is standard input.
    ///
    /// What can be read but once is copied into `scratchDirectory`, where it is gone with the process.
    ///
    /// - Throws: ``ImportError`` with code ``ImportError/Code/unreadable``.
    init(
        _ path: String, scratchDirectory: String,
        gunzip: ((any ByteSource) throws -> any ByteSource)?
    ) throws {
        name = path == "-" ? "standard input" : path
        self.gunzip = gunzip
        do {
            stored = try Self.open(path, scratchDirectory)
        } catch let error as SystemError {
            throw ImportError(.unreadable, "Cannot read \(name).", cause: error)
        }
        try examine()
    }

    private static func open(
        _ path: String, _ scratchDirectory: String
    ) throws -> () -> any ByteSource {
        if path != "-" {
            switch try FileSystem.kind(of: path) {
            case .directory:
                throw ImportError(.unreadable, "\(path) is a directory: name the files in it.")
            case .file:
                let file = try ReadOnlyFile(path)
                return { StoredBytes(file) }
            case .other, nil: break
            }
        }
        let stream = path == "-" ? InputStream() : try InputStream(path)
        let scratch = try ScratchFile(in: scratchDirectory)
        while true {
            let bytes = try stream.bytes(count: 1 << 18)
            if bytes.isEmpty { break }
            try scratch.append(bytes)
        }
        return { StoredBytes(scratch) }
    }

    /// The bytes, as many as were there at first, and then the damage, if there was one.
    func source() throws -> any ByteSource {
        LimitedBytes(try decompressed(), byteCount, damage)
    }

    private func decompressed() throws -> any ByteSource {
        let source = stored()
        guard let first = try source.next() else { return source }
        let whole = LeadingBytes(first, then: source)
        if first.starts(with: FileOpening.zstdMagic) { return try ZstdBytes(whole) }
        guard first.starts(with: FileOpening.gzipMagic) else { return whole }
        guard let gunzip else {
            throw ImportError(.unreadable, "\(name) is compressed by gzip: decompress it first.")
        }
        return try gunzip(whole)
    }

    private mutating func examine() throws {
        let source = try decompressed()
        var chunk: [UInt8] = []
        do {
            while let bytes = try source.next() {
                chunk += bytes
                byteCount += UInt64(bytes.count)
                while chunk.count >= FileOpening.byteCount {
                    take(Array(chunk.prefix(FileOpening.byteCount)))
                    chunk.removeFirst(FileOpening.byteCount)
                }
            }
        } catch let error as SourceDamage {
            damage = error
        } catch let error as SystemError {
            throw ImportError(.unreadable, "Cannot read \(name).", cause: error)
        }
        if !chunk.isEmpty { take(chunk) }
    }

    private mutating func take(_ chunk: [UInt8]) {
        if opening.isEmpty { opening = chunk }
        let bytes = digest + chunk
        digest = Checksum.xxh128(bytes, 0..<bytes.count).bigEndianBytes
    }
}

/// The first bytes of a source, since a file may grow while it is read.
private final class LimitedBytes: ByteSource {
    private let source: any ByteSource
    private var rest: UInt64
    private let damage: SourceDamage?

    init(_ source: any ByteSource, _ count: UInt64, _ damage: SourceDamage?) {
        self.source = source
        rest = count
        self.damage = damage
    }

    func next() throws -> [UInt8]? {
        if rest == 0, let damage { throw damage }
        guard rest > 0, let bytes = try source.next() else { return nil }
        let part = UInt64(bytes.count) <= rest ? bytes : Array(bytes.prefix(Int(rest)))
        rest -= UInt64(part.count)
        return part
    }
}
