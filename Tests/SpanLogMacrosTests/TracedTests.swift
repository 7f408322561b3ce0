#if Macros
import SpanLogMacros
import SpanLogTesting
import Testing

private struct Page: Codable, Equatable {
    var number: Int
}

private enum Fault: Error, Equatable {
    case noPage
}

private final class Secret: CustomStringConvertible {
    let description = "a secret"
}

@Traced
private func add(_ left: Int, to right: Int?) -> Int {
    guard let right else { return left }
    return left + right
}

@Traced("look up", type: .retriever)
private func page(_ number: Int) async throws -> Page {
    await Task.yield()
    if number < 0 { throw Fault.noPage }
    return withSpan("inside") { _ in Page(number: number) }
}

@Traced
private func typed(_ number: Int) throws(Fault) -> Int {
    if number < 0 { throw .noPage }
    return number
}

@Traced
private func nothing() {}

@Traced(inputs: false, outputs: false)
private func hidden(password: String) -> String {
    password
}

@Traced
private func anything<Value>(
    _ value: Value, secret: Secret, _: Int, body: (Int) -> Int, last: @escaping () -> Void
) -> Value {
    _ = body(1)
    last()
    return value
}

@Traced
private func opaque(_ numbers: [Int]) -> some Sequence<Int> {
    let doubled = numbers.map { $0 * 2 }
    return doubled
}

@Traced
private func grow(_ pages: inout [Int], by count: Int) {
    for _ in 0..<count { pages.append(0) }
}

private struct Counter {
    var count = 0

    @Traced
    mutating func increase(by step: Int = 1) -> Int {
        count += step
        return count
    }
}

private actor Shelf {
    private var pages: [Page] = []

    @Traced(type: .memory)
    func put(_ page: Page) async -> Int {
        pages.append(page)
        await Task.yield()
        return pages.count
    }
}

@Suite struct TracedTests {
    private func recorded(
        _ name: String, _ work: () async throws -> Void
    ) async throws -> SpanRecord {
        let recorder = try InMemoryRecorder()
        try await withTracer(recorder.tracer) { try await work() }
        return try #require(recorder[name])
    }

    @Test func `arguments are inputs and the result is the output`() async throws {
        let span = try await recorded("add") { #expect(add(1, to: 2) == 3) }
        #expect(span.attributes.text(for: "mlflow.spanInputs") == #"{"left":1,"right":2}"#)
        #expect(span.attributes.text(for: "mlflow.spanOutputs") == "3")
        #expect(span.attributes.text(for: "mlflow.spanFunctionName") == "add")
        #expect(span.status.code == .unset && span.endNanoseconds > 0)
        let other = try await recorded("add") { #expect(add(1, to: nil) == 1) }
        #expect(other.attributes.text(for: "mlflow.spanInputs") == #"{"left":1,"right":null}"#)
    }

    @Test func `an asynchronous function runs inside of its span`() async throws {
        let recorder = try InMemoryRecorder()
        try await withTracer(recorder.tracer) {
            let found = try await page(7)
            #expect(found == Page(number: 7))
        }
        #expect(recorder.tree() == "look up\n  inside")
        let span = try #require(recorder["look up"])
        #expect(span.attributes.text(for: "mlflow.spanType") == "RETRIEVER")
        #expect(span.attributes.text(for: "mlflow.spanOutputs") == #"{"number":7}"#)
    }

    @Test func `an error is recorded and thrown on`() async throws {
        let span = try await recorded("look up") {
            await #expect(throws: Fault.noPage) { try await page(-1) }
        }
        #expect(span.status.code == .error && span.status.message.contains("noPage"))
        #expect(span.events.map(\.name) == ["exception"])
        #expect(span.attributes.text(for: "mlflow.spanOutputs") == nil)
    }

    @Test func `an error keeps its type`() async throws {
        let span = try await recorded("typed") {
            do throws(Fault) {
                _ = try typed(-1)
            } catch {
                let fault: Fault = error
                #expect(fault == .noPage)
            }
        }
        #expect(span.status.code == .error)
    }

    @Test func `nothing is no output`() async throws {
        let span = try await recorded("nothing") { nothing() }
        #expect(span.attributes.map(\.key) == ["mlflow.spanFunctionName"])
    }

    @Test func `what is not to be recorded is not`() async throws {
        let span = try await recorded("hidden") { #expect(hidden(password: "x") == "x") }
        #expect(span.attributes.map(\.key) == ["mlflow.spanFunctionName"])
    }

    @Test func `functions are left out, and what cannot be encoded is described`() async throws {
        let span = try await recorded("anything") {
            #expect(anything([1], secret: Secret(), 0, body: { $0 }, last: {}) == [1])
        }
        #expect(
            span.attributes.text(for: "mlflow.spanInputs")
                == #"{"secret":"a secret","value":[1]}"#)
        #expect(span.attributes.text(for: "mlflow.spanOutputs") == "[1]")
    }

    @Test func `an opaque result is recorded as what it is`() async throws {
        let span = try await recorded("opaque") { #expect(Array(opaque([1, 2])) == [2, 4]) }
        #expect(span.attributes.text(for: "mlflow.spanOutputs") == "[2,4]")
    }

    @Test func `what a function changes is changed, and its inputs are what they were`()
        async throws
    {
        let span = try await recorded("grow") {
            var pages = [1]
            grow(&pages, by: 2)
            #expect(pages == [1, 0, 0])
        }
        #expect(span.attributes.text(for: "mlflow.spanInputs") == #"{"count":2,"pages":[1]}"#)
        let method = try await recorded("increase") {
            var counter = Counter()
            #expect(counter.increase(by: 2) == 2 && counter.count == 2)
        }
        #expect(method.attributes.text(for: "mlflow.spanInputs") == #"{"step":2}"#)
    }

    @Test func `an actor's function stays on its actor`() async throws {
        let span = try await recorded("put") {
            #expect(await Shelf().put(Page(number: 1)) == 1)
        }
        #expect(span.attributes.text(for: "mlflow.spanType") == "MEMORY")
    }

    @Test func `without a tracer the function does what it did`() async throws {
        #expect(add(1, to: 2) == 3)
        await #expect(throws: Fault.noPage) { try await page(-1) }
    }
}
#endif
