/// Values that an application sends along with a trace, to all services that the trace reaches: the
/// header `baggage`.
///
/// ```swift
/// var baggage: Baggage = ["tenant": "Zürich"]
/// baggage["session"] = "a 1"
/// baggage.headerValue  // tenant=Z%C3%BCrich,session=a%201
/// ```
///
/// Any service on the way, and any caller from outside, can write anything into it. It is sent in
/// clear text, to whomever the services call: keep secrets out.
public struct Baggage: Hashable, Sendable {
    /// A value under its key, and what else the sender said about it.
    public struct Member: Hashable, Sendable {
        /// The name of the value: letters, digits and ``!#$%&'*+-.^_`|~``. Case matters.
        public let key: String
        /// The value: any text.
        public let value: String
        /// What follows the first semicolon in the header, such as `ttl=60;internal`, or nothing.
        ///
        /// Its meaning is between sender and receiver, and it is sent on as it came.
        public let properties: String
    }

    private var members: [Member] = []

    /// Creates baggage without members.
    public init() {}

    /// The value under `key`, or `nil` if there is none.
    ///
    /// A new value takes the place of the old one, and the properties of the old one go. A value
    /// under a new key comes last. Setting `nil` removes the member.
    ///
    /// A key that no header can carry, because it is empty or has other characters than
    /// ``Member/key`` allows, is ignored: setting it does nothing, and it has no value. Keys often
    /// come from data, and no data should stop a service or corrupt its headers.
    public subscript(key: String) -> String? {
        get { index(of: key).map { members[$0].value } }
        set {
            guard Self.isToken(key.utf8) else { return }
            let member = newValue.map { Member(key: key, value: $0, properties: "") }
            replace(at: index(of: key), with: member)
        }
    }

    /// Adds the members of `other` whose keys are not here, behind those that are.
    mutating func addMissing(from other: Baggage) {
        for member in other.members where index(of: member.key) == nil { members.append(member) }
    }

    private func index(of key: String) -> Int? {
        // To Swift, some keys that are not allowed equal one that is: the sign for kelvin and K.
        guard Self.isToken(key.utf8) else { return nil }
        return members.firstIndex { $0.key == key }
    }

    /// Replaces or removes the member at `index`, or appends one if there is no index.
    private mutating func replace(at index: Int?, with member: Member?) {
        let index = index ?? members.endIndex
        let end = Swift.min(index + 1, members.endIndex)
        members.replaceSubrange(index..<end, with: member.map { [$0] } ?? [])
    }
}

extension Baggage: RandomAccessCollection {
    /// The position of the first member: 0.
    public var startIndex: Int { members.startIndex }

    /// The position behind the last member: the number of members.
    public var endIndex: Int { members.endIndex }

    /// The member at `position`, in the order of the header.
    public subscript(position: Int) -> Member { members[position] }
}

extension Baggage: ExpressibleByDictionaryLiteral {
    /// Creates baggage in the order of the literal, as if each value were set in turn.
    public init(dictionaryLiteral elements: (String, String)...) {
        for (key, value) in elements { self[key] = value }
    }
}

extension Baggage {
    /// Reads the value of a header `baggage`; several fields are joined by commas before.
    ///
    /// A member that is not in the format of the specification is left out, and so is one that
    /// would exceed the limits of ``headerValue``; the others remain. What is read is therefore
    /// also sent on. Percent-encoded bytes that are not UTF-8 become U+FFFD.
    ///
    /// Of several members with one key, the last one counts, at the place of the first.
    ///
    /// - Complexity: O(*n*) in the bytes of `text`.
    public init(parsing text: String) {
        var allowance = Allowance()
        for octets in ListMembers(text) {
            guard let member = Member(octets) else { continue }
            // The specification permits several members with one key and leaves their meaning
            // open. OpenTelemetry allows one value for a name, and its implementations put the
            // members into a map one by one. All services should see the same value: the last.
            let index = index(of: member.key)
            if let index { allowance.putBack(members[index]) }
            // If the last value is too long, its key has none: an earlier one would be wrong.
            replace(at: index, with: allowance.take(member) ? member : nil)
        }
    }

    /// The value of a header `baggage`, or an empty text if there is nothing to send.
    ///
    /// It has at most 64 members and 8192 bytes, which the specification asks all participants to
    /// pass on. A member that would exceed this is left out as a whole.
    public var headerValue: String {
        var allowance = Allowance()
        var field: [UInt8] = []
        for member in members where allowance.take(member) {
            if !field.isEmpty { field.append(UInt8(ascii: ",")) }
            member.append(to: &field)
        }
        return String(decoding: field, as: UTF8.self)
    }

    /// What of the limits of a header is left.
    private struct Allowance {
        private var memberCount = 64
        // One more than the limit, because each member counts a comma, and one needs none.
        private var byteCount = 8192 + 1

        /// Counts `member`, unless there is no room for it.
        mutating func take(_ member: Member) -> Bool {
            let needed = member.byteCount + 1
            guard memberCount >= 1, byteCount >= needed else { return false }
            memberCount -= 1
            byteCount -= needed
            return true
        }

        /// Makes room again for a `member` that was counted before.
        mutating func putBack(_ member: Member) {
            memberCount += 1
            byteCount += member.byteCount + 1
        }
    }
}

extension Baggage.Member {
    /// Reads one member of the list, which has no blanks around it.
    fileprivate init?(_ octets: ArraySlice<UInt8>) {
        guard let equals = octets.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let key = octets[..<equals].strippedOfBlanks
        let rest = octets[(equals + 1)...]
        let semicolon = rest.firstIndex(of: UInt8(ascii: ";")) ?? rest.endIndex
        let value = rest[..<semicolon].strippedOfBlanks
        let properties = rest[semicolon...].dropFirst().strippedOfBlanks

        guard Baggage.isToken(key), Baggage.isValue(value), Baggage.areProperties(properties)
        else { return nil }
        self.init(
            key: String(decoding: key, as: UTF8.self),
            value: Baggage.percentDecoded(value),
            properties: String(decoding: properties, as: UTF8.self))
    }

    /// The number of bytes that ``append(to:)`` appends.
    fileprivate var byteCount: Int {
        var count = key.utf8.count + 1
        for byte in value.utf8 { count += Baggage.isUnencoded(byte) ? 1 : 3 }
        return properties.isEmpty ? count : count + 1 + properties.utf8.count
    }

    fileprivate func append(to field: inout [UInt8]) {
        field += key.utf8
        field.append(UInt8(ascii: "="))
        for byte in value.utf8 { Baggage.appendPercentEncoded(byte, to: &field) }
        guard !properties.isEmpty else { return }
        field.append(UInt8(ascii: ";"))
        field += properties.utf8
    }
}
