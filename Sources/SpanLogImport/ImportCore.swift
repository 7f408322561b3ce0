import Dispatch
import SpanLogFormat
import SpanLogStore
import Synchronization

/// The work of the thread that writes: take what waits, make it durable in one transaction, tell who
/// waits for that.
///
/// While one transaction syncs, the next one gathers; nothing waits for a timer.
final class ImportCore: Sendable {
    private let writer: Mutex<SharedStoreWriter?>
    private let recorders = Mutex(ResourceRecorders())
    private let state = Mutex(State())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let waitingBytesMax: Int

    typealias Completion = @Sendable (ImportError?) -> Void

    /// A request that waits.
    private struct Request: Sendable {
        let parts: [(name: ResourceRecorders.Name, part: CheckedTraces.Part)]
        let byteCount: Int
        let completion: Completion
    }

    private struct State {
        var requests: [Request] = []
        /// The bytes of these, and of those that are being written.
        var byteCount = 0
        var isStopping = false
        var isStopped = false
        var stops: [@Sendable () -> Void] = []
    }

    init(_ writer: consuming sending SharedStoreWriter, waitingBytesMax: Int) {
        self.writer = Mutex(writer)
        self.waitingBytesMax = waitingBytesMax
    }

    /// Calls `completion` once the spans are durable, or cannot be made so.
    func add(_ traces: CheckedTraces, _ clock: SenderClock, _ completion: @escaping Completion) {
        guard !traces.parts.isEmpty else { return completion(nil) }
        let parts = traces.parts.map { (ResourceRecorders.Name($0, clock), $0) }
        let byteCount = parts.reduce(0) { $0 + $1.1.entry.count }
        let request = Request(parts: parts, byteCount: byteCount, completion: completion)
        let refusal: ImportError? = state.withLock { state in
            if state.isStopping { return Self.closed }
            guard state.byteCount == 0 || state.byteCount + byteCount <= waitingBytesMax else {
                return Self.busy
            }
            state.byteCount += byteCount
            state.requests.append(request)
            return nil
        }
        if let refusal { return completion(refusal) }
        wakeUp.signal()
    }

    /// Ends the thread once what waits is written, and then calls `completion`.
    func stop(_ completion: @escaping @Sendable () -> Void = {}) {
        let isStopped = state.withLock { state in
            state.isStopping = true
            if !state.isStopped { state.stops.append(completion) }
            return state.isStopped
        }
        if isStopped { completion() }
        wakeUp.signal()
    }

    private static let closed = ImportError(
        .closed, "The importer is shut down: send the spans to another one.")
    private static let busy = ImportError(
        .busy, "More spans wait for the disk than may: send them again a little later.")
}

extension ImportCore {
    /// The body of the thread.
    func run() {
        while true {
            _ = wakeUp.wait(timeout: .now() + Self.maintenanceInterval)
            let isStopping = state.withLock(\.isStopping)
            while let group = takeGroup() { write(group) }
            if isStopping { return finish() }
            writer.withLock { $0?.maintain() }
        }
    }

    /// The first requests that wait, as many as go well into one transaction; `nil` if there are none.
    private func takeGroup() -> [Request]? {
        state.withLock { state in
            var sum = 0
            let count = state.requests.prefix { request in
                defer { sum += request.byteCount }
                return sum == 0 || sum + request.byteCount <= Self.groupByteCountMax
            }.count
            guard count > 0 else { return nil }
            defer { state.requests.removeFirst(count) }
            return Array(state.requests.prefix(count))
        }
    }

    private func write(_ group: [Request]) {
        let error = append(group)
        let byteCount = group.reduce(0) { $0 + $1.byteCount }
        state.withLock { $0.byteCount -= byteCount }
        for request in group { request.completion(error) }
    }

    private func append(_ group: [Request]) -> ImportError? {
        var drafts: [SharedStoreWriter.Draft] = []
        var places: [ResourceRecorders.Name: Int] = [:]
        for (name, part) in group.lazy.flatMap(\.parts) {
            let place = places[name] ?? drafts.count
            if place == drafts.count {
                places[name] = place
                drafts.append(draft(name))
            }
            drafts[place].add(part)
        }
        do throws(StoreError) {
            try writer.withLock { writer throws(StoreError) in try writer!.append(drafts) }
            return nil
        } catch {
            recorders.withLock { recorders in
                for name in places.keys { recorders.end(name) }
            }
            return ImportError(.writeFailed, error.message, cause: error.cause)
        }
    }

    private func draft(_ name: ResourceRecorders.Name) -> SharedStoreWriter.Draft {
        let (id, sequence) = recorders.withLock { $0.next(name) }
        return SharedStoreWriter.Draft(
            recorderID: id, sequence: sequence, hasOwnClock: name.clock == .thisHost)
    }

    private func finish() {
        writer.withLock { writer in
            if let open = writer.take() { open.close() }
        }
        let stops = state.withLock { state in
            state.isStopped = true
            return state.stops
        }
        for stop in stops { stop() }
    }

    private static let maintenanceInterval = DispatchTimeInterval.seconds(1)
    private static let groupByteCountMax = 8 << 20
}

extension SharedStoreWriter.Draft {
    fileprivate mutating func add(_ part: CheckedTraces.Part) {
        spanCount += part.spanCount
        earliestNanoseconds = min(earliestNanoseconds, part.earliestNanoseconds)
        latestNanoseconds = max(latestNanoseconds, part.latestNanoseconds)
        payload += part.bytes[part.entry]
    }
}
