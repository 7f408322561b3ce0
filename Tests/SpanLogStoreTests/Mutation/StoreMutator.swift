import SpanLogFormat
import SpanLogTestSupport

@testable import SpanLogStore

/// What disks, sticks, hasty copies and forgers do to the files of a store.
struct StoreMutator {
    private var generator: SeededGenerator
    private let sample: StoreSample
    private(set) var files: [String: [UInt8]]
    /// Whether blocks were made up whose checksums are right.
    private(set) var isForged = false

    /// - Parameter number: Which mutation it is: the same number makes the same one.
    init(_ sample: StoreSample, number: UInt64) {
        generator = SeededGenerator(seed: number)
        self.sample = sample
        files = sample.files
        let count = generator.below(4) == 0 ? 2 + generator.below(3) : 1
        for _ in 0..<count { mutate(name()) }
    }

    /// A segment three times out of four.
    private mutating func name() -> String {
        let names = files.keys.sorted()
        let segments = names.filter { $0.hasSuffix(".mdb") }
        return generator.element(of: generator.below(4) == 0 ? names : segments)
    }

    private mutating func mutate(_ name: String) {
        var bytes = files[name] ?? []
        guard !bytes.isEmpty else { return }
        switch generator.below(12) {
        case 0: bytes.removeLast(1 + generator.below(bytes.count))
        case 1, 2: flip(1 + generator.below(64), in: 0..<bytes.count, of: &bytes)
        case 3: flip(1 + generator.below(8), in: range(ofPage: 0, bytes, count: 8), of: &bytes)
        case 4: zero(page(bytes), of: &bytes)
        case 5:
            for page in treePages(bytes) where generator.below(2) == 0 { zero(page, of: &bytes) }
        case 6: swap(page(bytes), page(bytes), of: &bytes)
        case 7: for _ in 0..<10 { swap(page(bytes), page(bytes), of: &bytes) }
        case 8: bytes = generator.bytes(count: 1 + generator.below(30_000))
        case 9: copyHalf(name, &bytes)
        case 10: for _ in 0...generator.below(4) { forge(&bytes) }
        default:
            let page = range(ofPage: page(bytes), bytes, count: 1)
            bytes.replaceSubrange(page, with: generator.bytes(count: page.count))
        }
        files[name] = bytes
    }

    // MARK: Pages

    private func range(ofPage page: Int, _ bytes: [UInt8], count: Int) -> Range<Int> {
        let start = min(page * 4096, bytes.count - 1)
        return start..<min(start + count * 4096, bytes.count)
    }

    /// Any page, and every second time one that looks like one of the tree.
    private mutating func page(_ bytes: [UInt8]) -> Int {
        let pages = treePages(bytes)
        return generator.below(2) == 0 && !pages.isEmpty
            ? generator.element(of: pages) : generator.below((bytes.count + 4095) / 4096)
    }

    /// Meta pages, branches and leaves, by their flags.
    private func treePages(_ bytes: [UInt8]) -> [Int] {
        (0..<bytes.count / 4096).filter { [1, 2, 8].contains(bytes[$0 * 4096 + 10]) }
    }

    private mutating func flip(_ count: Int, in range: Range<Int>, of bytes: inout [UInt8]) {
        for _ in 0..<count {
            bytes[range.lowerBound + generator.below(range.count)] ^= 1 << UInt8(generator.below(8))
        }
    }

    private func zero(_ page: Int, of bytes: inout [UInt8]) {
        let range = range(ofPage: page, bytes, count: 1)
        bytes.replaceSubrange(range, with: repeatElement(0, count: range.count))
    }

    private func swap(_ first: Int, _ second: Int, of bytes: inout [UInt8]) {
        let (left, right) = (
            range(ofPage: first, bytes, count: 1), range(ofPage: second, bytes, count: 1)
        )
        guard left.count == right.count else { return }
        let content = Array(bytes[left])
        bytes.replaceSubrange(left, with: bytes[right])
        bytes.replaceSubrange(right, with: content)
    }

    // MARK: Copies of live files

    /// `cp` reads from front to back while the writer goes on: the front is older than the rest.
    private mutating func copyHalf(_ name: String, _ bytes: inout [UInt8]) {
        guard let older = sample.older[name], bytes.count > older.count,
            older.count >= 4096
        else {
            return bytes.removeLast(bytes.count / 3)
        }
        let cut = generator.below(older.count / 4096) * 4096
        bytes.replaceSubrange(..<cut, with: older[..<cut])
        if generator.below(3) == 0 { bytes.removeLast(generator.below(bytes.count - cut)) }
    }

    // MARK: Forgeries

    /// Changes a block's header, or makes up a payload, and gives it the right checksum.
    ///
    /// Only of a block that is as it was: the right checksum for a span that was changed before would
    /// make it one that somebody recorded. And it stays on its own pages: what lies within a sound
    /// block is its content, and not for anybody to look for blocks in.
    private mutating func forge(_ bytes: inout [UInt8]) {
        let starts = sample.places(in: bytes)
        guard !starts.isEmpty else { return }
        isForged = true
        let (start, end) = generator.element(of: starts)
        switch generator.below(5) {
        case 0: bytes[start + 16 + generator.below(176)] = generator.byte()
        case 1:
            set(72 + 8 * generator.below(2), of: &bytes, start, UInt64(generator.below(1 << 31)))
        case 2: set(8 * (3 + generator.below(20)), of: &bytes, start, generator.next())
        case 3: set(24, of: &bytes, start, UInt64(generator.below(200)))
        default: makeUpPayload(&bytes, start)
        }
        let count = Int(clamping: UInt64(littleEndianIn: bytes, at: start + 72))
        guard count <= (end - start + 4095) / 4096 * 4096 - 16 - 192,
            count <= bytes.count - start - 192
        else { return }
        let checksum = Checksum.xxh3(bytes, start + 16..<start + 192 + count)
        bytes.replaceSubrange(start + 8..<start + 16, with: checksum.littleEndianBytes)
    }

    private func set(_ offset: Int, of bytes: inout [UInt8], _ start: Int, _ number: UInt64) {
        bytes.replaceSubrange(start + offset..<start + offset + 8, with: number.littleEndianBytes)
    }

    /// Random bytes, or a value that nests deeper than any stack is.
    private mutating func makeUpPayload(_ bytes: inout [UInt8], _ start: Int) {
        let room = min(bytes.count - start - 192, 3800)
        let payload = generator.below(2) == 0 ? generator.bytes(count: room) : Self.nested(room)
        bytes[start + 18] = 0
        set(72, of: &bytes, start, UInt64(payload.count))
        set(80, of: &bytes, start, UInt64(payload.count))
        bytes.replaceSubrange(start + 192..<start + 192 + payload.count, with: payload)
    }

    /// A span whose attribute is an array of an array, and so on.
    static func nested(_ byteCountMax: Int) -> [UInt8] {
        var value: [UInt8] = []
        while value.count < byteCountMax - 60 {
            var array = ProtobufWriter()
            array.data(OTLPField.List.values, value)
            var outer = ProtobufWriter()
            outer.data(OTLPField.AnyValue.array, array.bytes)
            value = outer.bytes
        }
        var attribute = ProtobufWriter()
        attribute.data(OTLPField.KeyValue.value, value)
        var span = ProtobufWriter()
        span.data(OTLPField.Span.attributes, attribute.bytes)
        var entry = ProtobufWriter()
        entry.data(OTLPField.ScopeSpans.spans, span.bytes)
        return TracesData.prefix(resource: [], scope: [], entriesByteCount: entry.bytes.count)
            + entry.bytes
    }
}
