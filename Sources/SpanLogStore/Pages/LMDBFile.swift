import SpanLogFormat

/// An LMDB file that is read without liblmdb and without trusting it.
package struct LMDBFile: Sendable {
    private let pages: LMDBPages
    private let meta: LMDBPages.Meta

    /// Reads the newest state that the file holds.
    ///
    /// - Throws: ``FormatError`` if the file is none of LMDB's, or ``SystemError``.
    package init(_ file: ReadOnlyFile) throws {
        var pages = try LMDBPages(file)
        meta = try pages.newestMeta()
        // A writer may have added pages just now: those that the meta page names are there.
        try pages.measure()
        self.pages = pages
    }

    /// The table `name`, or `nil` if the file has none.
    package func table(_ name: String) throws -> LMDBTree? {
        let tables = LMDBTree(pages, root: meta.root, entryCount: 0)
        // The record of a table (`MDB_db`) has 48 bytes, the number of entries and the root last.
        guard let record = try tables.value(for: Array(name.utf8)), record.count == 48 else {
            return nil
        }
        let root = UInt64(littleEndianIn: record, at: 40)
        return LMDBTree(
            pages, root: root == .max ? nil : root,
            entryCount: UInt64(littleEndianIn: record, at: 32))
    }

    /// The bytes of a page.
    package var pageByteCount: Int { pages.pageByteCount }

    /// What is wrong with the two meta pages, by their numbers: each commit writes one of them, in
    /// turns, so their transactions follow each other.
    package func metaDamages() throws -> [(page: UInt64, reason: String)] {
        let metas = [try pages.meta(0), try pages.meta(1)]
        for (number, meta) in metas.enumerated() where meta == nil {
            return [(UInt64(number), "the meta page is damaged")]
        }
        let ids = metas.map { $0?.transactionID ?? 0 }
        // Before the first commit, both have the number 0.
        let isInTurns = ids.enumerated().allSatisfy { $1 == 0 || $1 % 2 == UInt64($0) }
        guard isInTurns, max(ids[0], ids[1]) - min(ids[0], ids[1]) <= 1 else {
            let odd = ids[0] > ids[1] ? 0 : 1
            let reason =
                "the meta pages name transactions \(ids[0]) and \(ids[1]), which do not follow "
                + "each other"
            return [(UInt64(odd), reason)]
        }
        return []
    }

    /// The page that the table of tables begins at.
    package var rootPage: UInt64 { meta.root ?? 0 }

    /// Whether the end of the file is missing. Of a file that is being written, it may only be so at
    /// this moment.
    package var isCutOff: Bool { pages.isCutOff(meta) }

    /// Whether a writer may have begun to reuse pages of the state that is read here.
    ///
    /// LMDB reuses the pages of a state only once two commits have followed it.
    package func isOutdated() throws -> Bool {
        let newest = try pages.newestMeta().transactionID
        // A forged number may be the greatest one that there is.
        return newest > meta.transactionID && newest - meta.transactionID > 1
    }
}
