import SpanLogFormat

extension SpoolReader {
    /// Opens the spool at `path`.
    static func open(
        _ path: String, copiesChunks: Bool = true
    ) throws(StoreError) -> SpoolReader {
        do {
            return try SpoolReader(path, copiesChunks: copiesChunks)
        } catch let error as SystemError {
            throw StoreDirectory.openError(path, error)
        } catch {
            throw StoreError(.damaged, "\(path) is damaged: \(error).")
        }
    }

    /// What the spool holds, as blocks: one for each chunk, and one for the spans that were open,
    /// which is there without any if spans were lost, since it is the newest to say so.
    var blocks: [Block] { chunkBlocks + [openSpansBlock].compactMap { $0 } }

    var chunkBlocks: [Block] {
        chunks.map { chunk in
            block(chunk.entries, sequence: chunk.sequence, spanCount: chunk.spanCount)
        }
    }

    var openSpansBlock: Block? {
        guard !openSpans.isEmpty || drops != DropCounters() else { return nil }
        let entries = openSpans.flatMap {
            UnfinishedSpan.entry($0.bytes, lastSeenNanoseconds: lastSeenNanoseconds)
        }
        return block(entries, sequence: .max, spanCount: openSpans.count, holdsOpenSpans: true)
    }

    private func block(
        _ entries: [UInt8], sequence: UInt64, spanCount: Int, holdsOpenSpans: Bool = false
    ) -> Block {
        let prefix = TracesData.prefix(
            resource: identity.resource, scope: identity.scope, entriesByteCount: entries.count)
        let (earliest, latest) = times(prefix + entries)
        let header = BlockHeader(
            recorderID: recorderID, sequence: sequence, spanCount: UInt32(spanCount),
            payloadByteCount: UInt64(prefix.count + entries.count),
            earliestNanoseconds: spanCount == 0 ? 0 : earliest, latestNanoseconds: latest,
            anchor: ClockAnchor(
                bootID: identity.bootID, realtimeNanoseconds: lastSeenNanoseconds,
                boottimeNanoseconds: lastSeenBoottimeNanoseconds, uncertaintyNanoseconds: 0),
            drops: drops)
        return Block(
            recovered: header, prefix: prefix, entries: entries, holdsOpenSpans: holdsOpenSpans)
    }

    private func times(_ payload: [UInt8]) -> (earliest: UInt64, latest: UInt64) {
        var (earliest, latest) = (UInt64.max, UInt64(0))
        try? TracesData.forEachSpan(in: payload) { place in
            let span = try SpanRecord(decoding: payload, place.span)
            earliest = min(earliest, span.startNanoseconds)
            latest = max(latest, span.endNanoseconds, span.startNanoseconds)
        }
        return (earliest, latest)
    }
}

extension Block {
    /// Reads the file of a single block.
    static func read(_ path: String) throws(StoreError) -> Block {
        do {
            let file = try ReadOnlyFile(path)
            let start = try file.bytes(at: 0, count: BlockHeader.byteCount)
            let header = try BlockHeader(decoding: start[...])
            let count = UInt64(BlockHeader.byteCount) + header.storedByteCount
            // What a header claims is allocated only if it is there.
            guard try count <= file.byteCount() else { throw FormatError("the block is cut off") }
            let bytes = try file.bytes(at: 0, count: Int(count))
            let key = header.sequence.bigEndianBytes
            return try Block(checking: bytes, key: key)
        } catch let error as SystemError {
            throw StoreDirectory.openError(path, error)
        } catch {
            throw StoreError(.damaged, "\(path) is damaged: \(error).")
        }
    }
}
