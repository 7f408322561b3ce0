import SpanLogFormat

extension ArchivedSpan {
    /// Whether the span stands for no work, and only says something about its trace: feedback that came
    /// after the answer, or an attachment. FileFormat has its form.
    public var isNote: Bool { record.name == AttributeKey.noteName }
}

extension ArchivedTrace {
    /// The trace with those spans alone that stand for work.
    public var withoutNotes: ArchivedTrace {
        guard spans.contains(where: \.isNote) else { return self }
        return ArchivedTrace(id: id, spans: spans.filter { !$0.isNote })
    }
}
