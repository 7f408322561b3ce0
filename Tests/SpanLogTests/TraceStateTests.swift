import SpanLog
import SpanLogTestSupport
import Testing

@Suite struct TraceStateTests {
    private static let letters = "abcdefghijklmnopqrstuvwxyz"
    /// The characters 0x20 to 0x7E, without the two that separate.
    private static let printable = String(
        decoding: (0x20...0x7e).filter { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=") },
        as: UTF8.self)

    @Test(arguments: [
        ("vendor=1", "vendor=1"),
        ("one=1,two=2,three=3", "one=1,two=2,three=3"),
        // Keys.
        ("a=1", "a=1"), ("0=1", "0=1"), ("9a=1", "9a=1"), ("a@=1", "a@=1"), ("a@@b=1", "a@@b=1"),
        ("a@b@c=1", "a@b@c=1"), ("a-=1", "a-=1"), ("tenant/1@vendor*_-=1", "tenant/1@vendor*_-=1"),
        ("\(letters)0123456789_-*/@=1", "\(letters)0123456789_-*/@=1"),
        // Values.
        ("a=\(printable)", "a=\(printable)"), ("a=!", "a=!"), ("a=~", "a=~"),
        ("a= b", "a= b"), ("a=   b", "a=   b"), ("a=b c", "a=b c"), ("a=;\"\\%", "a=;\"\\%"),
        // Blanks around members, of which those in front of a value are a part of it.
        (" a=1", "a=1"), ("\ta=1", "a=1"), ("a=1 ", "a=1"), ("a=1\t", "a=1"),
        (" \t a=1 \t ", "a=1"), ("a=1 \t , \t b=2,\t \tc= 3 ", "a=1,b=2,c= 3"),
        // Empty members.
        ("", ""), (" ", ""), ("\t", ""), (",", ""), (" , ,\t,", ""), ("a=1,", "a=1"),
        (",a=1", "a=1"), ("a=1,,b=2", "a=1,b=2"), (", \t,a=1, ,b=2,\t,", "a=1,b=2"),
    ])
    func `valid members are sent on in order`(header: String, sent: String) throws {
        let state = try #require(TraceState(parsing: header))
        #expect(state.headerValue() == sent)
        #expect(state.isEmpty == sent.isEmpty)
    }

    @Test(arguments: [
        // Keys.
        "=1", " =1", "A=1", "aB=1", "a =1", " a =1", "a\t=1", "a b=1", "a.b=1", "a+b=1", "@a=1",
        "_a=1", "-a=1", "*a=1", "/a=1", "a:b=1", "é=1", "aé=1", "a\0=1", "\u{a0}a=1", "a%20=1",
        // Values.
        "a=", "a= ", "a=\t", "a=  \t", "a==", "a=1=2", "a=1=", "a==1", "a=\t1", "a=1\t2", "a=é",
        "a=1\n", "a=1\r\n", "a=1\0", "a=\u{7f}", "a=\u{1f}", "a=🙂",
        // No value at all.
        "a", "1", "a;b", "a:1", "é", "\u{feff}",
    ])
    func `one invalid member drops all`(member: String) {
        #expect(TraceState(parsing: member) == nil)
        #expect(TraceState(parsing: "x=1,\(member)") == nil)
        #expect(TraceState(parsing: "\(member),x=1") == nil)
        #expect(TraceState(parsing: "x=1,\(member),y=1") == nil)
    }

    @Test(arguments: [
        (keyLength: 1, valueLength: 1, isValid: true), (256, 1, true), (1, 256, true),
        (256, 256, true), (0, 1, false), (1, 0, false), (257, 1, false), (1, 257, false),
    ])
    func `keys and values have 1 to 256 characters`(
        keyLength: Int, valueLength: Int, isValid: Bool
    ) {
        let key = String(repeating: "z", count: keyLength)
        let value = String(repeating: "v", count: valueLength)
        #expect((TraceState(parsing: "\(key)=\(value)") != nil) == isValid)
        #expect((TraceState(parsing: "a=1, \(key)=\(value) ") != nil) == isValid)

        var state = TraceState()
        #expect(set(value, for: key, in: &state) == isValid)
        #expect(state.isEmpty != isValid)
    }

    @Test func `a key may have an at sign anywhere but first`() {
        for length in [1, 13, 14, 15, 240, 241, 242, 255] {
            let key = String(repeating: "t", count: length) + "@"
            let rest = String(repeating: "v", count: 256 - length - 1)
            #expect(TraceState(parsing: "\(key)\(rest)=1")?["\(key)\(rest)"] == "1")
        }
    }

    @Test func `32 members are kept, and a 33rd drops all`() throws {
        let members = (1...32).map { "key\($0)=\($0)" }
        let state = try #require(TraceState(parsing: members.joined(separator: ",")))
        #expect(state.entries.map { "\($0.key)=\($0.value)" } == members)
        #expect(TraceState(parsing: (members + ["a=1"]).joined(separator: ",")) == nil)
        #expect(TraceState(parsing: (members + ["key1=1"]).joined(separator: ",")) == nil)

        let same = Array(repeating: "a=1", count: 32)
        #expect(TraceState(parsing: same.joined(separator: ","))?["a"] == "1")
        #expect(TraceState(parsing: (same + ["a=1"]).joined(separator: ",")) == nil)
    }

    @Test func `empty members are not counted`() {
        let members = (1...32).map { "key\($0)=\($0)" }
        let header = members.joined(separator: ", ,,")
        #expect(TraceState(parsing: header)?.entries.count == 32)
        #expect(TraceState(parsing: String(repeating: ",", count: 100_000))?.isEmpty == true)
    }

    @Test(arguments: [
        ("a=1,a=1", "a=1"), ("a=1,a=2", "a=1"), ("a=1,b=2,a=3,c=4,b=5", "a=1,b=2,c=4"),
    ])
    func `of several entries with one key, the leftmost is kept`(header: String, sent: String) {
        #expect(TraceState(parsing: header)?.headerValue() == sent)
    }

    @Test func `an entry is found by its key`() throws {
        let state = try #require(TraceState(parsing: "a=1,ab= 2 2,b@a=3"))
        #expect(state["a"] == "1")
        #expect(state["ab"] == " 2 2")
        #expect(state["b@a"] == "3")
        #expect(state["b"] == nil)
        #expect(state["A"] == nil)
        #expect(state[""] == nil)
    }

    @Test func `one's own entry is leftmost and unique, and the others are untouched`() throws {
        var state = TraceState()
        #expect(set("1", for: "own", in: &state))
        #expect(state.headerValue() == "own=1")

        state = try #require(TraceState(parsing: "x= 1,own=2 ,, y=3"))
        #expect(set("4", for: "own", in: &state))
        #expect(state.headerValue() == "own=4,x= 1,y=3")
        #expect(set("5", for: "y", in: &state))
        #expect(state.headerValue() == "y=5,own=4,x= 1")
        #expect(set("6", for: "new", in: &state))
        #expect(state.headerValue() == "new=6,y=5,own=4,x= 1")
        #expect(state["own"] == "4")
    }

    @Test func `one's own entry has room even if there are 32 others`() throws {
        var state = try #require(
            TraceState(parsing: (1...32).map { "key\($0)=1" }.joined(separator: ",")))
        #expect(set("1", for: "own", in: &state))
        #expect(state.entries.count == 32)
        #expect(state.entries.first?.key == "own")
        #expect(state.entries.last?.key == "key31")

        #expect(set("2", for: "key31", in: &state))
        #expect(state.entries.count == 32)
        #expect(state.entries.map(\.key).prefix(2) == ["key31", "own"])
        #expect(state.entries.last?.key == "key30")
    }

    @Test(arguments: [
        ("", "1"), ("A", "1"), ("a.b", "1"), ("@a", "1"), ("a=b", "1"), ("a,b", "1"), ("é", "1"),
        (" a", "1"), ("a", ""), ("a", " "), ("a", "1 "), ("a", "1,2"), ("a", "1=2"), ("a", "\t"),
        ("a", "é"), ("a", "1\r\nx: y"),
    ])
    func `an entry that no header can carry is refused`(key: String, value: String) throws {
        var state = try #require(TraceState(parsing: "a=0,b=1"))
        #expect(!set(value, for: key, in: &state))
        #expect(state.headerValue() == "a=0,b=1")
    }

    /// Sets an entry, as an expression that `#expect` can take.
    private func set(_ value: String, for key: String, in state: inout TraceState) -> Bool {
        state.set(value, for: key)
    }

    // MARK: Length

    /// An entry of `length` characters.
    private static func entry(_ key: String, length: Int) -> String {
        "\(key)=" + String(repeating: "v", count: length - key.count - 1)
    }

    @Test func `512 characters are sent however small the limit`() throws {
        let header = (0..<4).map { Self.entry("k\($0)", length: 127) }.joined(separator: ",") + "v"
        #expect(header.count == 512)
        let state = try #require(TraceState(parsing: header))
        for lengthMax in [Int.min, -1, 0, 1, 511, 512] {
            #expect(state.headerValue(lengthMax: lengthMax) == header)
        }
        #expect(state.headerValue() == header)
    }

    @Test func `entries are left out from the right, and never cut`() throws {
        let entries = (0..<32).map { Self.entry("k\($0)", length: 64) }
        let state = try #require(TraceState(parsing: entries.joined(separator: ",")))
        // Seven entries with their commas have 454 characters, and eight would have 519.
        #expect(state.headerValue() == entries.prefix(7).joined(separator: ","))
        #expect(
            state.headerValue(lengthMax: 519) == entries.prefix(8).joined(separator: ","))
        #expect(
            state.headerValue(lengthMax: 518) == entries.prefix(7).joined(separator: ","))
        #expect(state.headerValue(lengthMax: .max) == entries.joined(separator: ","))
    }

    @Test func `entries of more than 128 characters are left out first`() throws {
        let long = Self.entry("long", length: 129)
        let exactly = Self.entry("exactly", length: 128)
        let small = (0..<4).map { Self.entry("k\($0)", length: 100) }
        let state = try #require(
            TraceState(parsing: ([long, exactly] + small).joined(separator: ",")))
        // Without the long entry there are 532 characters, so the rightmost has to go as well.
        #expect(
            state.headerValue() == ([exactly] + small.prefix(3)).joined(separator: ","))
        #expect(
            state.headerValue(lengthMax: 532) == ([exactly] + small).joined(separator: ","))
    }

    @Test func `no more long entries are left out than needed, and those from the right`() throws {
        let long = (0..<3).map { Self.entry("long\($0)", length: 200) }
        let state = try #require(
            TraceState(parsing: "a=1,\(long[0]),\(long[1]),b=2,\(long[2]),c=3"))
        #expect(state.headerValue() == "a=1,\(long[0]),\(long[1]),b=2,c=3")
    }

    @Test func `one's own entry is sent even if all others are too long`() throws {
        let long = (0..<31).map { "k\($0)=" + String(repeating: "v", count: 256) }
        var state = try #require(TraceState(parsing: long.joined(separator: ",")))
        state.set("1", for: "own")
        #expect(state.headerValue() == "own=1,\(long[0])")
    }

    @Test func `an entry that has no room is left out rather than cut`() throws {
        let longest = String(repeating: "z", count: 256)
        let state = try #require(TraceState(parsing: "\(longest)=\(longest)"))
        #expect(state.headerValue() == "")
        #expect(state.headerValue(lengthMax: 513) == "\(longest)=\(longest)")
    }

    @Test func `what is sent is what is received`() {
        var generator = SeededGenerator(seed: 2)
        let keyBytes = Array("abcxyz019_-*/@".utf8)
        let valueBytes = Array(Self.printable.utf8)
        for _ in 0..<1000 {
            var state = TraceState()
            for _ in 0..<generator.below(40) {
                let key = generator.text(of: keyBytes, countMax: 5)
                let value = generator.text(of: valueBytes, countMax: 20)
                #expect(set("\(value)!", for: "k\(key)", in: &state))
            }
            #expect(TraceState(parsing: state.headerValue(lengthMax: .max)) == state)
            let short = state.headerValue()
            #expect(short.utf8.count <= 512)
            #expect(TraceState(parsing: short)?.headerValue() == short)
        }
    }
}
