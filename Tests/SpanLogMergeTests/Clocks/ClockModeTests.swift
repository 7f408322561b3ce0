import SpanLogMerge
import Testing

/// The modes of `--clock`.
@Suite struct ClockModeTests {
    private static var calls: Calls {
        var calls = Calls(offsets: [0, 5_000_000])
        calls.call(0, 1, at: 0, there: 500, back: 300)
        return calls
    }

    @Test func `off corrects nothing, not even steps`() {
        let corrections = Self.calls.solve(.off)
        #expect(corrections.domains.count == 2 && corrections.reference == nil)
        for domain in corrections.domains {
            #expect(domain.method == .off)
            #expect(domain.corrected(start: 1_000, end: 2_000).startNanoseconds == 1_000)
            #expect(domain.bound(at: 1_000) == nil)
        }
    }

    @Test func `manual offsets are added as they are given`() throws {
        let json = """
            {"format": "spanlog-clock 1", "domains": {
                "\(Calls.domain(1))": {"offset_ns": -4000000, "bound_ns": 2000},
                "instance:elsewhere": {"offset_ns": 7}
            }}
            """
        let offsets = try ManualClockOffsets(json: Array(json.utf8), name: "offsets.json")
        let corrections = Self.calls.solve(.manual(offsets))
        #expect(corrections.host(1).method == .manual)
        #expect(corrections.host(1).corrected(9_000_000) == 5_000_000)
        #expect(corrections.host(1).bound(at: 9_000_000) == 2_000)
        #expect(corrections.host(0).method == .wallOnly)
        #expect(corrections.host(0).bound(at: 9_000_000) == nil)
        let elsewhere = try #require(corrections[ClockDomain(instance: "elsewhere")])
        #expect(elsewhere.corrected(1) == 8)
        #expect(elsewhere.bound(at: 1) == nil)
    }

    @Test(arguments: [
        "", "[]", "{\"domains\": {}}", "{\"format\": \"spanlog-clock 2\", \"domains\": {}}",
        "{\"format\": \"spanlog-clock 1\", \"domains\": {\"boot:1\": {}}}",
        "{\"format\": \"spanlog-clock 1\", \"domains\": {\"boot:1\": {\"offset_ns\": 1e30}}}",
    ])
    func `a file that gives no offsets is refused by name`(text: String) {
        let error = #expect(throws: MergeError.self) {
            try ManualClockOffsets(json: Array(text.utf8), name: "offsets.json")
        }
        #expect(error?.code == .badClockFile)
        #expect(error?.message.contains("offsets.json") == true)
    }

    @Test func `a boot without an id is no domain`() {
        #expect(ClockDomain(bootID: Array(repeating: 0, count: 16)) == nil)
        #expect(ClockDomain(bootID: [1, 2]) == nil)
        let domain = ClockDomain(bootID: Array(repeating: 0xAB, count: 16))
        #expect(domain?.name == "boot:abababababababababababababababab")
    }
}
