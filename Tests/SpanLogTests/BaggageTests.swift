import SpanLog
import SpanLogTestSupport
import Testing

@Suite struct BaggageTests {
    /// What a header says, in a form that is easy to compare.
    private static func members(_ header: String) -> [String] {
        Baggage(parsing: header).map { member in
            let text = "\(member.key)→\(member.value)"
            return member.properties.isEmpty ? text : "\(text)|\(member.properties)"
        }
    }

    // MARK: Reading

    @Test(arguments: [
        ("", []), (" ", []), (",", []), (" ,\t, ", []),
        ("a=1", ["a→1"]),
        ("a=1,b=2,c=3", ["a→1", "b→2", "c→3"]),
        ("b=1,a=2", ["b→1", "a→2"]),
        ("a=", ["a→"]), ("a= ", ["a→"]), ("a=,b=2", ["a→", "b→2"]),
        // Blanks.
        (" a=1 ", ["a→1"]), ("\ta\t=\t1\t", ["a→1"]),
        ("a \t = \t 1 \t , \t b = 2", ["a→1", "b→2"]),
        (",a=1, ,\t,b=2,", ["a→1", "b→2"]),
        // Equal signs belong to the value.
        ("a=b=c", ["a→b=c"]), ("a==", ["a→="]), ("a==b==", ["a→=b=="]), ("a=b = c", []),
        // Case matters.
        ("key=1,Key=2,KEY=3", ["key→1", "Key→2", "KEY→3"]),
    ])
    func `members are read in order`(header: String, expected: [String]) {
        #expect(Self.members(header) == expected)
    }

    @Test func `a key is any token of HTTP`() {
        let symbols = "!#$%&'*+-.^_`|~"
        for byte in UInt8(0)...127 {
            let character = String(decoding: [byte], as: UTF8.self)
            let isLetterOrDigit = character.wholeMatch(of: /[A-Za-z0-9]/) != nil
            let isToken = isLetterOrDigit || symbols.contains(character)
            var baggage = Baggage()
            for key in [character, "x\(character)", "\(character)x", "x\(character)x"] {
                baggage[key] = "1"
                #expect(baggage[key] == (isToken ? "1" : nil))
            }
            // These two separate, so what is left may be a member.
            guard character != ",", character != "=" else { continue }
            #expect(Self.members("x\(character)x=1") == (isToken ? ["x\(character)x→1"] : []))
        }
    }

    @Test func `a value has printable ASCII except blanks, quotes, backslashes and separators`() {
        for byte in UInt8(0)...127 {
            let character = String(decoding: [byte], as: UTF8.self)
            guard character != ",", character != ";" else { continue }
            let isAllowed = (0x21...0x7e).contains(byte) && character != "\"" && character != "\\"
            #expect(Self.members("k=a\(character)b") == (isAllowed ? ["k→a\(character)b"] : []))
        }
    }

    @Test(arguments: [
        "a", "=", "=1", " =1", "a b=1", "(a)=1", "a:b=1", "\"a\"=1", "é=1", "a\0=1", "a\n=1", "a;b",
        ";a=1", "a;b=1", "a=1 2", "a=\"1\"", "a=1\\2", "a=é", "a=🙂", "a=1\n", "a=1\r\nx: y",
        "a=\0", "a=\u{7f}", "a=1;p\n", "a=1;p=é", "a=1;\0", "\u{a0}a=1", "a=1\u{a0}", "{}", "🙂",
    ])
    func `an invalid member is left out, and the others remain`(member: String) {
        #expect(Self.members(member) == [])
        #expect(Self.members("x=1,\(member),y=2") == ["x→1", "y→2"])
        #expect(Self.members("\(member),x=1") == ["x→1"])
        #expect(Self.members("x=1,\(member)") == ["x→1"])
    }

    @Test(arguments: [
        ("%20", " "), ("a%20b", "a b"), ("DF%2028", "DF 28"), ("%41%42", "AB"),
        ("%2C%3B%3D", ",;="),
        ("%25", "%"), ("%2520", "%20"), ("%22%5C", "\"\\"), ("a+b", "a+b"), ("%09%0D%0A", "\t\r\n"),
        ("%00", "\0"), ("%C3%A9", "é"), ("%c3%a9", "é"), ("%C3%a9", "é"), ("%F0%9F%99%82", "🙂"),
        ("%E2%82%AC100", "€100"), ("%EF%BF%BD", "\u{fffd}"), ("%7f", "\u{7f}"),
    ])
    func `a value is decoded from its percent-encoding`(encoded: String, value: String) {
        #expect(Baggage(parsing: "k=\(encoded)")["k"] == value)
    }

    @Test(arguments: [
        ("%FF", "\u{fffd}"), ("a%FFb", "a\u{fffd}b"), ("%80", "\u{fffd}"), ("%C3", "\u{fffd}"),
        ("%C3%41", "\u{fffd}A"), ("%C3a", "\u{fffd}a"), ("%C3%A9%C3", "é\u{fffd}"),
        ("%C0%80", "\u{fffd}\u{fffd}"), ("%F0%9F%99", "\u{fffd}"),
        ("%ED%A0%80", "\u{fffd}\u{fffd}\u{fffd}"), ("%FE%FF", "\u{fffd}\u{fffd}"),
    ])
    func `bytes that are not UTF-8 become U+FFFD`(encoded: String, value: String) {
        #expect(Baggage(parsing: "k=\(encoded),x=1")["k"] == value)
        #expect(Baggage(parsing: "k=\(encoded),x=1")["x"] == "1")
    }

    @Test(arguments: ["%", "%%", "100%", "%4", "%4,", "%zz", "%4z", "%z4", "%-1", "% ", "%+1"])
    func `a percent sign without two digits stands for itself`(encoded: String) {
        let value = encoded.prefix { $0 != "," && $0 != " " }
        #expect(Baggage(parsing: "k=\(encoded)")["k"] == String(value))
    }

    // MARK: Properties

    @Test(arguments: [
        ("a=1;p", "a→1|p", "a=1;p"),
        ("a=1;p=2", "a→1|p=2", "a=1;p=2"),
        ("a=1;p;q=2;r", "a→1|p;q=2;r", "a=1;p;q=2;r"),
        ("a=1 ; p = 2 ; q ", "a→1|p = 2 ; q", "a=1;p = 2 ; q"),
        ("a=1\t;\tp\t=\t2", "a→1|p\t=\t2", "a=1;p\t=\t2"),
        ("a=;p", "a→|p", "a=;p"),
        ("a=1;", "a→1", "a=1"), ("a=1; ", "a→1", "a=1"), ("a=1;;", "a→1|;", "a=1;;"),
        ("a=1;p=%41%20%zz", "a→1|p=%41%20%zz", "a=1;p=%41%20%zz"),
        ("a=1;p=\"q\\\"", "a→1|p=\"q\\\"", "a=1;p=\"q\\\""),
        ("a=%20;=;", "a→ |=;", "a=%20;=;"),
    ])
    func `properties are sent on as they came`(header: String, member: String, sent: String) {
        #expect(Self.members(header) == [member])
        #expect(Baggage(parsing: header).headerValue == sent)
        #expect(Self.members("x=1, \(header) ,y=2") == ["x→1", member, "y→2"])
    }

    @Test func `a new value has no properties`() {
        var baggage = Baggage(parsing: "a=1;p=2,b=3;q")
        baggage["a"] = "4"
        #expect(baggage.headerValue == "a=4,b=3;q")
    }

    // MARK: Equal keys

    @Test(arguments: [
        ("a=1,a=1", "a=1"), ("a=1,a=2", "a=2"), ("a=1,b=2,a=3", "a=3,b=2"),
        ("a=1,A=2,a=3,A=4", "a=3,A=4"), ("a=1;p,a=2", "a=2"), ("a=1,a=2;p", "a=2;p"),
        ("a=1,a=", "a="), ("a=1,a", "a=1"), ("a=1,a=é", "a=1"),
    ])
    func `the last of equal keys counts, at the place of the first`(header: String, sent: String) {
        #expect(Baggage(parsing: header).headerValue == sent)
    }

    // MARK: Sending

    @Test func `all that a header may not contain is percent-encoded, and nothing else`() {
        for byte in UInt8(0)...127 {
            let character = String(decoding: [byte], as: UTF8.self)
            let isSentAsItIs = (0x21...0x7e).contains(byte) && !"\",;\\%".contains(character)
            let digits = String(byte, radix: 16, uppercase: true)
            let encoded = digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            let baggage: Baggage = ["k": character]
            #expect(baggage.headerValue == "k=" + (isSentAsItIs ? character : encoded))
        }
    }

    @Test(arguments: [
        ("", ""), ("DF 28", "DF%2028"), ("é", "%C3%A9"), ("e\u{301}", "e%CC%81"),
        ("🙂", "%F0%9F%99%82"), ("a=b", "a=b"), ("a,b;c", "a%2Cb%3Bc"), ("%20", "%2520"),
        ("x\r\ny: z", "x%0D%0Ay:%20z"), ("\u{fffd}", "%EF%BF%BD"), (" a ", "%20a%20"),
    ])
    func `any text can be sent`(value: String, encoded: String) {
        let baggage: Baggage = ["k": value]
        #expect(baggage.headerValue == "k=\(encoded)")
        #expect(Baggage(parsing: baggage.headerValue) == baggage)
    }

    @Test func `nothing is sent without members`() {
        #expect(Baggage().headerValue == "")
        #expect(Baggage().isEmpty)
    }

    // MARK: Access

    @Test func `values are set, replaced in their place, and removed`() {
        var baggage = Baggage()
        baggage["a"] = "1"
        baggage["b"] = "2"
        baggage["c"] = "3"
        baggage["a"] = "4"
        #expect(baggage.headerValue == "a=4,b=2,c=3")
        baggage["b"] = nil
        baggage["none"] = nil
        #expect(baggage.headerValue == "a=4,c=3")
        #expect(baggage["a"] == "4")
        #expect(baggage["b"] == nil)
        #expect(baggage["A"] == nil)
        #expect(baggage.count == 2)
    }

    @Test(arguments: [
        "", " ", "a b", " a", "a ", "a=b", "a,b", "a;b", "a\"", "a\r\nx", "é", "a/b", "\u{212a}",
        "🙂",
    ])
    func `a key that no header can carry is ignored`(key: String) {
        var baggage: Baggage = ["K": "1"]
        baggage[key] = "2"
        #expect(baggage == ["K": "1"])
        #expect(baggage[key] == nil)
        baggage[key] = nil
        #expect(baggage == ["K": "1"])
    }

    @Test func `a literal sets its values in order`() {
        let baggage: Baggage = ["b": "1", "a": "2", "": "3", "b": "4"]
        #expect(baggage.headerValue == "b=4,a=2")
    }

    @Test func `members are a collection`() {
        let baggage = Baggage(parsing: "a=1;p,b=2,c=3")
        #expect(baggage.map(\.key) == ["a", "b", "c"])
        #expect(baggage.map(\.value) == ["1", "2", "3"])
        #expect(baggage.first?.properties == "p")
        #expect(baggage.last?.properties == "")
        #expect(baggage[1].key == "b")
        #expect(baggage.count == 3)
        #expect(Array(baggage.reversed().map(\.key)) == ["c", "b", "a"])
    }

    // MARK: Limits

    @Test func `64 members are sent, and no more`() {
        var baggage = Baggage()
        for number in 0..<70 { baggage["k\(number)"] = "v" }
        #expect(baggage.count == 70)
        let sent = baggage.headerValue.split(separator: ",")
        #expect(sent == (0..<64).map { "k\($0)=v" })
    }

    @Test func `64 members are read, and no more`() {
        let header = (0..<70).map { "k\($0)=v" }.joined(separator: ",")
        #expect(Baggage(parsing: header).map(\.key) == (0..<64).map { "k\($0)" })
        // Those that are read still get their last value.
        #expect(Baggage(parsing: header + ",k0=w")["k0"] == "w")
        #expect(Baggage(parsing: header + ",k69=w")["k69"] == nil)
    }

    @Test func `8192 bytes are read and sent, and no more`() {
        let value = String(repeating: "v", count: 8190)
        #expect(Baggage(parsing: "k=\(value)")["k"] == value)
        #expect(Baggage(parsing: "k=\(value)").headerValue.utf8.count == 8192)
        #expect(Baggage(parsing: "k=\(value)v").isEmpty)
        #expect((["k": "\(value)v"] as Baggage).headerValue == "")

        // 64 members of 127 bytes, and 63 commas.
        let long = (0..<64).map { "k\($0 + 10)=" + String(repeating: "v", count: 123) }
        let header = long.joined(separator: ",")
        #expect(header.utf8.count == 8191)
        #expect(Baggage(parsing: header).headerValue == header)
        #expect(Baggage(parsing: header + "v").headerValue == header + "v")
        #expect(
            Baggage(parsing: header + "vv").headerValue
                == long.dropLast().joined(separator: ","))
    }

    @Test func `a member that is too long is left out as a whole, and later ones remain`() {
        let value = String(repeating: "v", count: 9000)
        #expect(Self.members("a=1,b=\(value),c=2") == ["a→1", "c→2"])
        #expect(Self.members("a=1,b=2;\(value),c=2") == ["a→1", "c→2"])
        #expect(Self.members("a=1,\(value)=2,c=2") == ["a→1", "c→2"])
        let baggage: Baggage = ["a": "1", "b": value, "c": "2"]
        #expect(baggage.headerValue == "a=1,c=2")
        #expect(baggage["b"] == value)
    }

    @Test func `a last value that is too long leaves its key without an outdated one`() {
        let value = String(repeating: "v", count: 9000)
        #expect(Self.members("a=1,b=2,a=\(value)") == ["b→2"])
    }

    @Test func `limits count what is sent, not what is received`() {
        // 3000 bytes in 9000 characters, and 9000 blanks.
        let encoded = String(repeating: "%41", count: 3000)
        let blanks = String(repeating: " ", count: 9000)
        #expect(Baggage(parsing: "k=\(encoded)").headerValue.utf8.count == 3002)
        #expect(Baggage(parsing: "k = \(blanks) 1 \(blanks) , a = 2").headerValue == "k=1,a=2")
        // Each of these becomes three bytes, which are sent as nine.
        let invalid = String(repeating: "%FF", count: 1000)
        #expect(Baggage(parsing: "k=\(invalid),a=1").headerValue == "a=1")
    }

    @Test func `what is sent is what is received`() {
        var generator = SeededGenerator(seed: 3)
        let keyBytes = Array("aBc01!#$%&'*+-.^_`|~".utf8)
        let valueBytes = Array("ab \t\r\n\0,;=%\"\\é€🙂".utf8)
        for _ in 0..<1000 {
            var baggage = Baggage()
            for _ in 0..<generator.below(64) {
                let key = generator.text(of: keyBytes, countMax: 6)
                baggage["k\(key)"] = generator.text(of: valueBytes, countMax: 8)
            }
            #expect(Baggage(parsing: baggage.headerValue) == baggage)
        }
    }
}
