/// What tracing systems along the way have added to a trace: the header `tracestate`.
///
/// The entries are opaque to all but the system that wrote them. The leftmost is the newest; each
/// key occurs once.
public struct TraceState: Hashable, Sendable {
    /// One system's part of the trace state.
    public struct Entry: Hashable, Sendable {
        /// The name of the system: lower-case letters, digits and `_-*/@`.
        public let key: String
        /// What the system wrote: printable ASCII without `,` and `=`.
        public let value: String
    }

    /// The entries, newest first. At most 32.
    public private(set) var entries: [Entry] = []

    /// Creates a trace state without entries.
    public init() {}

    /// Whether there is nothing to send.
    public var isEmpty: Bool { entries.isEmpty }

    /// The value that the system called `key` wrote.
    public subscript(key: String) -> String? {
        entries.first { $0.key == key }?.value
    }

    /// Puts an entry leftmost, in place of an earlier one of the same key.
    ///
    /// All other entries keep their values and their order. If there are 32 of them, the rightmost
    /// and therefore oldest makes room.
    ///
    /// - Parameter value: 1 to 256 characters of printable ASCII without `,` and `=`, the last of
    ///   which is not a space.
    /// - Parameter key: 1 to 256 lower-case letters, digits and `_-*/@`, the first of which is a
    ///   letter or a digit.
    /// - Returns: Whether the key and the value are allowed. If not, nothing has changed.
    @discardableResult
    public mutating func set(_ value: String, for key: String) -> Bool {
        guard Self.isKey(key.utf8), Self.isValue(value.utf8) else { return false }
        entries.removeAll { $0.key == key }
        entries.insert(Entry(key: key, value: value), at: 0)
        entries.removeLast(max(0, entries.count - Self.entryCountMax))
        return true
    }
}

extension TraceState {
    /// Reads the value of a header `tracestate`; several fields are joined by commas before.
    ///
    /// Empty members, and blanks around members, are allowed and dropped. Of several entries with
    /// one key, the leftmost and therefore newest is kept.
    ///
    /// - Returns: `nil` if there are more than 32 members, or if one of them is invalid. The whole
    ///   trace state is then dropped, and the trace continues without one.
    /// - Complexity: O(*n*) in the bytes of `text`.
    public init?(parsing text: String) {
        var memberCount = 0
        for member in ListMembers(text) where !member.isEmpty {
            memberCount += 1
            guard memberCount <= Self.entryCountMax, let entry = Entry(member) else { return nil }
            // A second entry with one key does not invalidate the rest. Level 2 makes uniqueness
            // a duty of those who send, and lets those who receive discard duplicates. We do, for
            // there are receivers that drop a trace state with duplicates as a whole.
            if self[entry.key] == nil { entries.append(entry) }
        }
    }

    /// The value of a header `tracestate`, or an empty text if there is nothing to send.
    ///
    /// If it would be too long, entries of more than 128 characters are left out, and then all
    /// others, in both cases from the right and only as many as needed. Entries are never cut.
    ///
    /// - Parameter lengthMax: How many characters the value may have. Less than 512 counts as 512,
    ///   which the specification asks all participants to pass on. More than that may meet a
    ///   server that refuses the request for the size of its headers.
    public func headerValue(lengthMax: Int = 512) -> String {
        let members = entries.map { "\($0.key)=\($0.value)" }
        return Self.fitting(members, lengthMax: max(lengthMax, 512)).joined(separator: ",")
    }

    private static func fitting(_ members: [String], lengthMax: Int) -> [String] {
        var members = members
        var length = members.reduce(-1) { $0 + 1 + $1.utf8.count }
        while length > lengthMax {
            let index = members.lastIndex { $0.utf8.count > 128 } ?? members.endIndex - 1
            length -= members.remove(at: index).utf8.count + 1
        }
        return members
    }

    private static let entryCountMax = 32
}

// The grammar of the specification, level 2.
extension TraceState {
    private static let keyCharacters = ByteSet("a"..."z").union(.digits).union(ByteSet("_-*/@"))
    private static let firstKeyCharacters = ByteSet("a"..."z").union(.digits)
    private static let valueCharacters = ByteSet(" "..."~").subtracting(ByteSet(",="))

    fileprivate static func isKey(_ key: some Collection<UInt8>) -> Bool {
        guard let first = key.first, key.count <= 256 else { return false }
        return firstKeyCharacters.contains(first) && key.allSatisfy(keyCharacters.contains)
    }

    fileprivate static func isValue(_ value: some BidirectionalCollection<UInt8>) -> Bool {
        guard let last = value.last, value.count <= 256 else { return false }
        return last != UInt8(ascii: " ") && value.allSatisfy(valueCharacters.contains)
    }
}

extension TraceState.Entry {
    /// Reads one member of the list, which has no blanks around it.
    fileprivate init?(_ member: ArraySlice<UInt8>) {
        guard let equals = member.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let key = member[..<equals]
        let value = member[(equals + 1)...]
        guard TraceState.isKey(key), TraceState.isValue(value) else { return nil }
        self.init(
            key: String(decoding: key, as: UTF8.self), value: String(decoding: value, as: UTF8.self)
        )
    }
}
