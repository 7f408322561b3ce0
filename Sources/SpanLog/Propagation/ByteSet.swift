/// A set of ASCII characters, as the grammars of headers name them.
struct ByteSet: Sendable {
    // One bit for each character: a look-up is a shift, where a switch over ranges is a search.
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    static let letters = ByteSet("a"..."z").union(ByteSet("A"..."Z"))
    static let digits = ByteSet("0"..."9")

    /// The characters from the first to the last of `range`.
    init(_ range: ClosedRange<Unicode.Scalar>) {
        for byte in UInt8(ascii: range.lowerBound)...UInt8(ascii: range.upperBound) {
            insert(byte)
        }
    }

    /// The characters of `text`, which is ASCII.
    init(_ text: String) {
        for byte in text.utf8 { insert(byte) }
    }

    func contains(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        return (byte < 64 ? low : high) &>> UInt64(byte) & 1 == 1
    }

    func union(_ other: ByteSet) -> ByteSet {
        var union = self
        union.low |= other.low
        union.high |= other.high
        return union
    }

    func subtracting(_ other: ByteSet) -> ByteSet {
        var difference = self
        difference.low &= ~other.low
        difference.high &= ~other.high
        return difference
    }

    private mutating func insert(_ byte: UInt8) {
        precondition(byte < 128, "A ByteSet holds ASCII characters.")
        if byte < 64 { low |= 1 &<< UInt64(byte) } else { high |= 1 &<< UInt64(byte) }
    }
}
