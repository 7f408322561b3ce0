public import Tracing

extension SpanLogTracer {
    /// Reads the headers `traceparent`, `tracestate` and `baggage` of a request into `context`.
    ///
    /// Headers that break the rules of W3C are ignored, as those rules say: the next span then
    /// starts a new trace. Baggage that is in the context already stays as it is.
    public func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        HeaderPropagation.extract(into: &context) { extractor.extract(key: $0, from: carrier) }
    }

    /// Writes the headers `traceparent`, `tracestate` and `baggage` for a request that is sent in
    /// `context`.
    public func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        HeaderPropagation.inject(context) { name, value in
            injector.inject(value, forKey: name, into: &carrier)
        }
    }
}
