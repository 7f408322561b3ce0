internal import Tracing

/// A sequence whose iterations are recorded as spans. `traced` makes it.
public struct TracedAsyncSequence<Base: AsyncSequence>: AsyncSequence
where Base.Element: Encodable & Sendable {
    /// The elements of the base.
    public typealias Element = Base.Element
    /// The errors of the base.
    public typealias Failure = Base.Failure

    let base: Base
    let settings: StreamSettings<Element>

    /// Starts an iteration. Its span starts with the first element.
    public func makeAsyncIterator() -> Iterator {
        Iterator(base: base.makeAsyncIterator(), settings: settings)
    }

    /// An iteration that is recorded.
    public struct Iterator: AsyncIteratorProtocol {
        private var base: Base.AsyncIterator
        private let settings: StreamSettings<Element>
        private var record: StreamRecord<Element>?

        init(base: Base.AsyncIterator, settings: StreamSettings<Element>) {
            self.base = base
            self.settings = settings
        }

        /// The next element of the base, or `nil` when it has ended.
        ///
        /// What the base does meanwhile happens inside the span.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(Failure) -> Element? {
            let record = record ?? StreamRecord(settings)
            self.record = record
            let result = await outcome(in: record.context)
            switch result {
            case .success(let element?): record.add(element)
            case .success(nil): record.finish()
            case .failure(let error): record.fail(error)
            }
            return try result.get()
        }

        /// As ``next(isolation:)``, for callers that do not say where they are.
        public mutating func next() async throws -> Element? {
            try await next(isolation: nil)
        }

        private mutating func outcome(
            in context: ServiceContext, isolation actor: isolated (any Actor)? = #isolation
        ) async -> Result<Element?, Failure> {
            await ServiceContext.withValue(context) {
                do throws(Failure) {
                    return .success(try await base.next(isolation: actor))
                } catch {
                    return .failure(error)
                }
            }
        }
    }
}

extension TracedAsyncSequence: Sendable where Base: Sendable {}
