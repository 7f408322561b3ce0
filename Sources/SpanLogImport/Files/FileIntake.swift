internal import SpanLogFormat
internal import SpanLogStore

/// Takes what is read from one file: spans into blocks, and what is wrong into the report.
final class FileIntake {
    private(set) var report: FileImportReport
    private let blocks: StoreImport.File
    private var gathering: BlockGathering
    private let hasLines: Bool

    typealias Place = JSONElements.Place

    /// - Parameter hasLines: Whether places are told by lines.
    init(_ content: FileContent, _ format: FileFormat, hasLines: Bool, _ blocks: StoreImport.File) {
        report = FileImportReport(file: content.name, format: format)
        self.blocks = blocks
        self.hasLines = hasLines
        // The number goes up when the same file would become other blocks.
        let identity = Array("spanlog import 1 \(format.rawValue) ".utf8) + content.digest
        gathering = BlockGathering(identity: identity)
    }

    /// Takes a serialized OTLP `TracesData` that begins at `place`.
    func take(_ tracesData: [UInt8], at place: Place) throws {
        let places = SpanPlaces(in: tracesData.span, 0..<tracesData.count)
        for group in places.groups {
            for span in places.spans[group.spans] {
                try take(span, of: tracesData, group, at: place)
            }
        }
        if places.isBrokenOff { fault("the bytes are no TracesData of OTLP", at: place) }
    }

    private func take(
        _ range: Range<Int>, of bytes: [UInt8], _ group: SpanPlaces.Group, at place: Place
    ) throws {
        let span: ScannedSpan
        do throws(SpanDefect) {
            span = try ScannedSpan(
                scanning: bytes.span, range, nestingMax: CheckedTraces.nestingMax)
        } catch {
            return refuse(Self.reason(error, bytes, range), at: place)
        }
        if let defect = span.defect {
            return refuse("span \(SpanID(span.spanID)): \(defect.rawValue)", at: place)
        }
        let complete: [SharedStoreWriter.Draft]
        do throws(BlockGathering.Refusal) {
            complete = try gathering.add(span, bytes, range, group)
        } catch {
            return refuse(error.reason, at: place)
        }
        try store(complete)
    }

    private static func reason(
        _ defect: SpanDefect, _ bytes: [UInt8], _ range: Range<Int>
    ) -> String {
        guard let span = try? ScannedSpan(scanning: bytes.span, range) else {
            return defect.rawValue
        }
        return "span \(SpanID(span.spanID)): values nest deeper than \(CheckedTraces.nestingMax) "
            + "levels, which other readers of Protocol Buffers do not follow"
    }

    private func store(_ drafts: [SharedStoreWriter.Draft]) throws {
        for draft in drafts {
            let isNew = try blocks.add(draft)
            let count = UInt64(draft.spanCount)
            if isNew {
                report.importedSpanCount += count
            } else {
                report.alreadyThereSpanCount += count
            }
        }
    }

    /// Counts a span that was left out.
    func refuse(_ reason: String, at place: Place) {
        report.refusedSpanCount += 1
        note(reason, place)
    }

    /// Counts spans that were left out and are not named one by one.
    func refuse(furtherCount: Int) {
        report.refusedSpanCount += UInt64(furtherCount)
    }

    /// Counts something that cannot be read.
    func fault(_ reason: String, at place: Place) {
        report.unreadablePieceCount += 1
        note(reason, place)
    }

    /// Counts a document of something else than traces.
    func passOver() {
        report.otherDocumentCount += 1
    }

    private func note(_ reason: String, _ place: Place) {
        guard report.problems.count < FileLimits.problemCountMax else { return }
        report.problems.append(
            FileImportReport.Problem(
                file: report.file, line: hasLines ? place.line : nil,
                byteOffset: place.byteOffset, reason: reason))
    }

    /// Makes everything part of the store.
    func publish() throws {
        report.resourceCount = gathering.resourceCount
        try store(gathering.finish())
        try blocks.publish()
    }

    /// Lets go of everything.
    func discard() { blocks.discard() }
}
