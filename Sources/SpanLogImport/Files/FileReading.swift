internal import SpanLogFormat
internal import SpanLogJSON
internal import SpanLogStore

/// Reads a file piece by piece into an intake.
struct FileReading {
    let format: FileFormat
    let opening: FileOpening
    let intake: FileIntake
    /// Called with the bytes that have been read.
    let progress: (UInt64) -> Void

    typealias Place = JSONElements.Place

    func read(_ source: any ByteSource) throws {
        switch opening.framing {
        case .json(let isLineBased): try readJSON(source, isLineBased: isLineBased)
        case .lengths: try readMessages(source)
        case .message: try readFields(source)
        }
    }

    private func readJSON(_ source: any ByteSource, isLineBased: Bool) throws {
        var shape = shape
        shape.isLineBased = isLineBased
        var elements = JSONElements(shape, byteCountMax: FileLimits.elementByteCountMax)
        var byteCount: UInt64 = 0
        // A mark of the byte order that some editors write.
        var isFirst = true
        do {
            while let bytes = try source.next() {
                let text = isFirst ? FileOpening.withoutMark(bytes) : bytes
                isFirst = false
                try elements.add(text, take)
                byteCount += UInt64(bytes.count)
                progress(byteCount)
            }
        } catch let damage as SourceDamage {
            // Otherwise what is cut off says so itself.
            if elements.isClean { intake.fault(damage.description, at: elements.place) }
        }
        try elements.finish(take)
    }

    private var shape: JSONElements.Shape {
        switch format {
        case .otlp: Self.otlpShape
        case .jaeger: opening.isBare ? .init(elementName: "a trace") : Self.jaegerShape
        case .zipkin: .init(elementName: "a span")
        }
    }

    private static let otlpShape = JSONElements.Shape(
        listNames: JSONNames(["resourceSpans", "resource_spans", "batches"]),
        otherNames: JSONNames([
            "resourceLogs", "resource_logs", "resourceMetrics", "resource_metrics",
            "resourceProfiles", "resource_profiles",
        ]),
        elementName: "a ResourceSpans")
    private static let jaegerShape = JSONElements.Shape(
        listNames: JSONNames(["data"]), elementName: "a trace")

    private func take(_ event: JSONElements.Event) throws {
        switch event {
        case .fault(let reason, let place): intake.fault(reason, at: place)
        case .other: intake.passOver()
        case .element(let bytes, let place): try take(element: bytes, at: place)
        }
    }

    private func take(element bytes: [UInt8], at place: Place) throws {
        let document: OTLPJSON.Document
        do throws(OTLPJSON.Refusal) {
            switch format {
            case .otlp: document = try OTLPJSON.resourceSpans(bytes)
            case .jaeger: document = try JaegerTrace.document(bytes)
            case .zipkin: document = try ZipkinSpan.document(bytes)
            }
        } catch {
            return intake.fault(error.reason, at: place + error.byteOffset)
        }
        try intake.take(document.tracesData, at: place)
        for refusal in document.refused {
            intake.refuse(refusal.reason, at: place + refusal.byteOffset)
        }
        intake.refuse(furtherCount: document.refusedCount - document.refused.count)
    }
}

extension FileReading {
    /// Reads messages behind their lengths of four bytes, the most significant first.
    private func readMessages(_ source: any ByteSource) throws {
        var reader = ByteReader(source)
        var place = Place(line: 0)
        do {
            while let length = try reader.bytes(4) {
                let count = UInt32(bigEndianBytes: length)
                if count > FileLimits.elementByteCountMax {
                    let max = FileLimits.elementByteCountMax
                    intake.fault("a message has more than \(max) bytes", at: place)
                    try reader.skip(UInt64(count))
                } else if count > 0 {
                    guard let message = try reader.bytes(Int(count)) else {
                        throw SourceDamage("it is cut off")
                    }
                    try take(message: message, at: place)
                }
                place.byteOffset = reader.offset
                progress(reader.offset)
            }
        } catch let damage as SourceDamage {
            intake.fault(damage.description, at: place)
        }
    }

    /// Takes a message of Protocol Buffers or of JSON, which Zstandard may have compressed.
    private func take(message: [UInt8], at place: Place) throws {
        guard message.starts(with: FileOpening.zstdMagic) else {
            return try take(plain: message, at: place)
        }
        let source = try ZstdBytes(LeadingBytes(message, then: NoBytes()))
        var content: [UInt8] = []
        do {
            while let bytes = try source.next() {
                content += bytes
                guard content.count <= FileLimits.elementByteCountMax else {
                    let max = FileLimits.elementByteCountMax
                    return intake.fault("a message has more than \(max) bytes", at: place)
                }
            }
        } catch let damage as SourceDamage {
            return intake.fault("a message: \(damage)", at: place)
        }
        try take(plain: content, at: place)
    }

    private func take(plain message: [UInt8], at place: Place) throws {
        guard message.first == UInt8(ascii: "{") else {
            return try intake.take(OTLPText.repaired(message), at: place)
        }
        var shape = Self.otlpShape
        shape.isLineBased = false
        var elements = JSONElements(shape, byteCountMax: FileLimits.elementByteCountMax)
        // Where in the message something stands is of no use to who sees its compressed bytes.
        let take = { (event: JSONElements.Event) in
            switch event {
            case .fault(let reason, _): intake.fault(reason, at: place)
            case .other: intake.passOver()
            case .element(let bytes, _): try self.take(element: bytes, at: place)
            }
        }
        try elements.add(message, take)
        try elements.finish(take)
    }

    /// Reads one message of Protocol Buffers, which may be larger than memory, field by field.
    private func readFields(_ source: any ByteSource) throws {
        var reader = ByteReader(source)
        var place = Place(line: 0)
        do {
            while let tag = try reader.varint() {
                guard tag & 7 == 2, tag >> 3 > 0, tag >> 3 < 1 << 29,
                    let count = try reader.varint()
                else { throw SourceDamage("from here on it is no TracesData of OTLP") }
                if tag >> 3 == UInt64(OTLPField.TracesData.resourceSpans),
                    count <= UInt64(FileLimits.elementByteCountMax)
                {
                    guard let content = try reader.bytes(Int(count)) ?? (count == 0 ? [] : nil)
                    else { throw SourceDamage("it is cut off") }
                    var writer = ProtobufWriter(reserving: content.count + 8)
                    writer.data(OTLPField.TracesData.resourceSpans, content)
                    try intake.take(OTLPText.repaired(writer.bytes), at: place)
                } else {
                    intake.fault("an unknown or too large field is passed over", at: place)
                    try reader.skip(count)
                }
                place.byteOffset = reader.offset
                progress(reader.offset)
            }
        } catch let damage as SourceDamage {
            intake.fault(damage.description, at: place)
        }
    }
}

/// No bytes.
private final class NoBytes: ByteSource {
    func next() -> [UInt8]? { nil }
}

extension JSONElements.Place {
    fileprivate static func + (place: Self, count: Int) -> Self {
        var place = place
        place.byteOffset += UInt64(count)
        return place
    }
}
