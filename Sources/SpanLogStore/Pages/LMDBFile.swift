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

    /// Whether the end of the file is missing. Of a file that is being written, it may only be so at
    /// this moment.
    package var isCutOff: Bool { pages.isCutOff(meta) }

    /// Whether a writer may have begun to reuse pages of the state that is read here.
    ///
    /// LMDB reuses the pages of a state only once two commits have followed it.
    package func isOutdated() throws -> Bool {
        try pages.newestMeta().transactionID > meta.transactionID + 1
    }
}
