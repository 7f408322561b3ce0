import Foundation
import SpanLogFormat
import SpanLogTestSupport

@testable import SpanLogStore

/// A segment's bytes, to be damaged, and where its blocks stand in them.
struct SegmentFile {
    var bytes: [UInt8]
    /// Where each block stands, by its sequence: found by looking at every page, without any of the
    /// code that is tested.
    private(set) var places: [UInt64: Range<Int>] = [:]
    /// The pages that no block stands on: meta pages and the tree.
    private(set) var treePages: [Int] = []

    init(_ path: String) throws {
        bytes = Array(try Data(contentsOf: URL(filePath: path)))
        var taken: Set<Int> = []
        for start in stride(from: 16, to: bytes.count - 192, by: 4096)
        where bytes[start..<start + 8].elementsEqual("SPLGBLK1".utf8) {
            let count = 192 + Int(UInt64(littleEndianIn: bytes, at: start + 72))
            places[UInt64(littleEndianIn: bytes, at: start + 24)] = start..<start + count
            taken.formUnion(start / 4096...(start + count - 1) / 4096)
        }
        treePages = (0..<bytes.count / 4096).filter { !taken.contains($0) }
    }

    mutating func zero(page: Int) {
        bytes.replaceSubrange(page * 4096..<(page + 1) * 4096, with: repeatElement(0, count: 4096))
    }

    mutating func swap(pages first: Int, _ second: Int) {
        let content = Array(bytes[first * 4096..<(first + 1) * 4096])
        bytes.replaceSubrange(
            first * 4096..<(first + 1) * 4096, with: bytes[second * 4096..<(second + 1) * 4096])
        bytes.replaceSubrange(second * 4096..<(second + 1) * 4096, with: content)
    }

    func write(to path: String) throws {
        try Data(bytes).write(to: URL(filePath: path))
    }
}
