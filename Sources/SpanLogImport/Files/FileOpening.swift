internal import SpanLogFormat
internal import SpanLogJSON

/// How a file begins: what that says of its format.
struct FileOpening {
    /// How its documents stand one after the other.
    enum Framing: Equatable {
        case json(isLineBased: Bool)
        /// Messages behind their lengths, as the Collector's file exporter writes them.
        case lengths
        /// One message of Protocol Buffers.
        case message
    }

    let framing: Framing
    /// The format that the names of its members tell; `nil` where they tell none.
    let format: FileFormat?
    /// Whether the objects of a Jaeger file are traces, without the document around them.
    let isBare: Bool

    /// - Parameter bytes: The first bytes of the file, decompressed: ``byteCount`` of them if it has as
    ///   many.
    /// - Returns: `nil` if no format begins so.
    init?(_ bytes: [UInt8]) {
        let start = bytes.firstIndex { !JSONCharacter.isSpace($0) }
        guard let start else { return nil }
        if bytes[start] == UInt8(ascii: "{") || bytes[start] == UInt8(ascii: "[") {
            let outline = Outline(bytes, from: start)
            framing = .json(isLineBased: !outline.goesOnBehindLines)
            format = outline.format
            isBare = outline.isBare
        } else if bytes[0] == Self.firstTag {
            // As a length this would mean a first message of more than 160 MiB.
            (framing, format, isBare) = (.message, .otlp, false)
        } else if Self.beginsWithLength(bytes) {
            (framing, format, isBare) = (.lengths, .otlp, false)
        } else {
            return nil
        }
    }

    var isJSON: Bool {
        if case .json = framing { true } else { false }
    }

    /// Whether places are told by lines.
    var hasLines: Bool { framing == .json(isLineBased: true) }

    /// The bytes without the mark of the byte order that some editors write.
    static func withoutMark(_ bytes: [UInt8]) -> [UInt8] {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }

    /// The bytes that tell the format.
    static let byteCount = 1 << 20

    /// The tag of `resourceSpans`.
    private static let firstTag: UInt8 = 0x0A
    static let zstdMagic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
    static let gzipMagic: [UInt8] = [0x1F, 0x8B]

    private static func beginsWithLength(_ bytes: [UInt8]) -> Bool {
        guard bytes.count > 4 else { return false }
        let length = UInt32(bigEndianBytes: bytes[..<4])
        guard length > 0, length <= FileLimits.elementByteCountMax else { return false }
        let content = bytes[4...]
        return content.first == firstTag || content.first == UInt8(ascii: "{")
            || content.starts(with: zstdMagic)
    }
}

extension FileOpening {
    /// What the first names and lines of JSON say.
    private struct Outline {
        private(set) var format: FileFormat?
        private(set) var isBare = false
        /// Whether the first document goes on where its first line ends.
        private(set) var goesOnBehindLines = false

        init(_ bytes: [UInt8], from start: Int) {
            readNames(bytes, from: start)
            readLines(bytes, from: start)
        }

        /// Looks at the names of the first object's members, not of what is inside them.
        private mutating func readNames(_ bytes: [UInt8], from start: Int) {
            var tokenizer = JSONTokenizer(bytes, start..<bytes.count)
            var last: JSONTokenizer.Token?
            var depth = 0
            while format == nil, let token = (try? tokenizer.next()) ?? nil {
                switch token.kind {
                case .objectStart: depth += 1
                case .objectEnd: depth -= 1
                case .colon:
                    guard depth == 1, let last, last.kind == .string else { break }
                    take(bytes, last.range.lowerBound + 1..<last.range.upperBound - 1)
                default: break
                }
                last = token
            }
        }

        private mutating func take(_ bytes: [UInt8], _ name: Range<Int>) {
            switch Self.names.index(of: name, in: bytes) {
            case 0: format = .otlp
            case 1: format = .jaeger
            case 2: (format, isBare) = (.jaeger, true)
            case 3: format = .zipkin
            default: break
            }
        }

        private static let names = JSONNames([
            ("resourceSpans", 0), ("resource_spans", 0), ("batches", 0), ("resourceLogs", 0),
            ("resource_logs", 0), ("resourceMetrics", 0), ("resource_metrics", 0),
            ("data", 1), ("traceID", 2), ("spans", 2), ("processes", 2),
            ("traceId", 3), ("localEndpoint", 3), ("parentId", 3),
        ])

        private mutating func readLines(_ bytes: [UInt8], from start: Int) {
            var depth = 0
            var isInString = false
            var isEscaped = false
            for index in start..<bytes.count {
                let byte = bytes[index]
                if isEscaped {
                    isEscaped = false
                    continue
                }
                switch byte {
                case UInt8(ascii: "\""): isInString.toggle()
                case UInt8(ascii: "\\"): isEscaped = isInString
                case UInt8(ascii: "{"), UInt8(ascii: "["): if !isInString { depth += 1 }
                case UInt8(ascii: "}"), UInt8(ascii: "]"): if !isInString { depth -= 1 }
                case 0x0A:
                    goesOnBehindLines = depth > 0 && Self.goesOn(bytes, start..<index)
                    return
                default: break
                }
            }
        }

        /// Whether what follows the line at `range`, which opens more than it closes, belongs to it.
        /// Otherwise the line was cut off, and the next one begins a document of its own.
        private static func goesOn(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
            let line = bytes[range].filter { !JSONCharacter.isSpace($0) }
            let next = range.upperBound + 1
            guard line.count > 2, next < bytes.count else { return true }
            return bytes[next] != UInt8(ascii: "{") && bytes[next] != UInt8(ascii: "[")
        }
    }
}
