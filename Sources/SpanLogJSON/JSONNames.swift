/// The names of members that a reader of JSON knows.
package struct JSONNames: Sendable {
    private struct Slot {
        let name: [UInt8]
        let index: Int
    }

    /// The names of one hash each.
    private var slots: [[Slot]]
    private let mask: UInt64

    /// - Parameter names: Each with what ``index(of:in:)`` says of it. Several names may say the same.
    package init(_ names: [(name: String, index: Int)]) {
        var count = 8
        while count < 4 * names.count { count *= 2 }
        mask = UInt64(count - 1)
        slots = Array(repeating: [], count: count)
        for (name, index) in names {
            let bytes = Array(name.utf8)
            slots[Int(Self.hash(bytes[...]) & mask)].append(Slot(name: bytes, index: index))
        }
    }

    /// The names with their places in the list.
    package init(_ names: [String]) {
        self.init(names.enumerated().map { (name: $1, index: $0) })
    }

    /// What stands for the name that `range` of `bytes` spells, or `nil` if it is not known.
    package func index(of range: Range<Int>, in bytes: [UInt8]) -> Int? {
        let spelled = bytes[range]
        for slot in slots[Int(Self.hash(spelled) & mask)] where spelled.elementsEqual(slot.name) {
            return slot.index
        }
        // Nobody writes a name that needs no escapes with some, though all may.
        guard spelled.contains(UInt8(ascii: "\\")) else { return nil }
        var name: [UInt8] = []
        JSONString.append(bytes, range, to: &name)
        return name.contains(UInt8(ascii: "\\")) ? nil : index(of: 0..<name.count, in: name)
    }

    /// FNV-1a.
    private static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash ^ hash >> 32
    }
}
