import SpanLogFormat
import Synchronization

/// The producers of a merge, each once, as long as there is room for them in memory.
///
/// Whoever gives each span a resource of its own must not fill the memory with them: those that have
/// no room here are kept with their records.
final class ProducerRegistry: Sendable {
    private let bytesMax: Int
    private let state = Mutex(State())

    private struct State {
        var producers: [Producer] = []
        var numbers: [Producer.Name: UInt32] = [:]
        var byteCount = 0
    }

    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    /// The number of a producer, or `nil` if it has none and there is no room for another one.
    func number(of producer: Producer) -> UInt32? {
        state.withLock { state in
            if let number = state.numbers[producer.name] { return number }
            guard state.byteCount + producer.byteCount <= bytesMax else { return nil }
            state.byteCount += producer.byteCount
            let number = UInt32(state.producers.count)
            state.producers.append(producer)
            state.numbers[producer.name] = number
            return number
        }
    }

    /// The producer that has a number.
    func producer(_ number: UInt32) -> Producer {
        state.withLock { $0.producers[Int(number)] }
    }

    /// All of them, by number.
    var producers: [Producer] { state.withLock { $0.producers } }
}
