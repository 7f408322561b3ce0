public import Tracing

extension ServiceContext {
    /// What the application sends along with a trace: the header `baggage`. Every service that the
    /// trace reaches can read it.
    public var baggage: Baggage? {
        get { self[BaggageKey.self] }
        set { self[BaggageKey.self] = newValue }
    }
}

private enum BaggageKey: ServiceContextKey {
    typealias Value = Baggage
    static var nameOverride: String? { "spanlog-baggage" }
}
