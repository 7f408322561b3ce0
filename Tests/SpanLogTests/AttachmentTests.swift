import Foundation
import SpanLog
import SpanLogFormat
import Testing

@Suite struct AttachmentTests {
    private let picture = Attachment(contentType: "image/png; a=\"b\"", bytes: 0...255)

    private let reference =
        /mlflow-attachment:\/\/([0-9a-f-]{36})\?content_type=([^&]+)&trace_id=(tr-[0-9a-f]{32})&size=(\d+)/

    @Test func `inputs refer to an attachment, whose bytes stand beside them`() async throws {
        let recording = try await Recording { tracer in
            tracer.withSpan("span") { $0.setInputs(["a": ["b": picture]]) }
        }
        let (span, note) = (
            try #require(recording["span"]), try #require(recording["spanlog.note"])
        )
        let inputs = try #require(span.attributes.text(for: "mlflow.spanInputs"))
        let found = try #require(try reference.firstMatch(in: inputs)).output
        #expect(inputs == "{\"a\":{\"b\":\"\(found.0)\"}}")
        #expect(found.2 == "image%2Fpng%3B%20a%3D%22b%22")
        #expect(found.3 == span.traceID.mlflowID && found.4 == "256")
        #expect(UUID(uuidString: String(found.1))?.uuidString.lowercased() == String(found.1))

        #expect(note.traceID == span.traceID && note.parentSpanID == span.spanID)
        #expect(note.attributes.text(for: "spanlog.attachment.id") == String(found.1))
        #expect(
            note.attributes.text(for: "spanlog.attachment.content_type") == picture.contentType)
        let base64 = try #require(note.attributes.text(for: "spanlog.attachment.base64"))
        #expect(Data(base64Encoded: base64).map(Array.init) == picture.bytes)
    }

    @Test func `the same bytes are recorded once for each trace`() async throws {
        let recording = try await Recording { tracer in
            for _ in 0..<2 {
                tracer.withSpan("root") { span in
                    let first = span.attach(picture)
                    #expect(tracer.withSpan("child") { $0.attach(picture) } == first)
                    #expect(span.attach(Attachment(contentType: "a", bytes: [1])) != first)
                }
            }
        }
        #expect(recording.spans.count { $0.name == "spanlog.note" } == 4)
    }

    @Test func `what is too large is said to be, and not recorded`() async throws {
        var configuration = Recorder.Configuration(
            serviceName: "test", environment: ["MLFLOW_TRACE_MAX_ATTACHMENT_SIZE": "255"])
        let recording = try await Recording(configuration) { tracer in
            tracer.withSpan("span") { $0.setOutputs(picture) }
        }
        #expect(
            recording["span"]?.attributes.text(for: "mlflow.spanOutputs")
                == "\"[Attachment too large: 256 bytes exceeds 255 bytes limit]\"")
        #expect(recording.spans.count == 1)
        configuration.limits = SpanLimits()
        configuration.limits?.attachmentBytesMax = 256
        configuration.limits?.attributeValueLengthMax = 10
        let other = try await Recording(configuration) { tracer in
            tracer.withSpan("span") { $0.setOutputs(picture) }
        }
        // The limit of attributes would leave a picture that nobody can look at.
        let note = try #require(other["spanlog.note"])
        #expect(note.attributes.text(for: "spanlog.attachment.base64")?.utf8.count == 344)
    }

    @Test func `what is not recorded has no attachments, and JSON elsewhere says what stood there`()
        async throws
    {
        var configuration = Recorder.Configuration(serviceName: "test", environment: [:])
        configuration.sampler = .alwaysOff
        let recording = try await Recording(configuration) { tracer in
            tracer.withSpan("span") { #expect($0.attach(picture).hasPrefix("mlflow-attachment:")) }
        }
        #expect(recording.spans.isEmpty)
        let json = try JSONEncoder().encode([Attachment(contentType: "audio/wav", bytes: [1, 2])])
        #expect(
            String(decoding: json, as: UTF8.self)
                == #"["[Attachment: 2 bytes of audio\/wav]"]"#)
    }

    @Test func `a hook sees the bytes before they are stored, and takes them out`() async throws {
        var configuration = Recorder.Configuration(serviceName: "test", environment: [:])
        configuration.redact = { span in
            if span.name == "spanlog.note" { span.attributes["spanlog.attachment.base64"] = "" }
        }
        let recording = try await Recording(configuration) { tracer in
            tracer.withSpan("span") { _ = $0.attach(picture) }
        }
        let note = try #require(recording["spanlog.note"])
        #expect(note.attributes.text(for: "spanlog.attachment.base64")?.isEmpty == true)
    }

    @Test func `a file is attached as it is`() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).txt").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("text".utf8).write(to: URL(filePath: path))
        let attachment = try Attachment(contentType: "text/plain", contentsOfFile: path)
        #expect(attachment == Attachment(contentType: "text/plain", bytes: "text".utf8))
    }
}
