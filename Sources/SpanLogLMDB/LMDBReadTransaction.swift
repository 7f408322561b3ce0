import CSpanLogLMDB

/// A transaction that sees one state of the environment.
@safe
package struct LMDBReadTransaction: ~Copyable {
    private let handle: OpaquePointer

    init(_ environment: OpaquePointer) throws(LMDBError) {
        unsafe handle = try create("mdb_txn_begin") {
            unsafe mdb_txn_begin(environment, nil, UInt32(MDB_RDONLY), &$0)
        }
    }

    deinit {
        unsafe mdb_txn_abort(handle)
    }

    /// The table `name`, or `nil` if the environment has none.
    package func table(_ name: String) throws(LMDBError) -> LMDBTable? {
        var id: MDB_dbi = 0
        let code = unsafe mdb_dbi_open(handle, name, 0, &id)
        if code == MDB_NOTFOUND { return nil }
        try check(code, "mdb_dbi_open")
        return LMDBTable(id: id)
    }

    /// The number of entries in `table`.
    package func entryCount(of table: LMDBTable) throws(LMDBError) -> Int {
        var statistics = MDB_stat()
        try check(unsafe mdb_stat(handle, table.id, &statistics), "mdb_stat")
        return statistics.ms_entries
    }

    /// A copy of the value under `key`, or `nil` if there is none.
    package func value(for key: [UInt8], in table: LMDBTable) throws(LMDBError) -> [UInt8]? {
        var result: [UInt8]?
        let code = unsafe key.withUnsafeBytes { key in
            var key = unsafe MDB_val(borrowing: key)
            var value = unsafe MDB_val()
            let code = unsafe mdb_get(handle, table.id, &key, &value)
            if code == MDB_SUCCESS { unsafe result = value.copy() }
            return code
        }
        if code == MDB_NOTFOUND { return nil }
        try check(code, "mdb_get")
        return result
    }

    /// Calls `body` with the entries of `table` in the order of their keys, until it returns false.
    ///
    /// - Parameters:
    ///   - first: Where to begin: the first key that is not less. In reverse, the last key that is
    ///     less. `nil` begins at the first key, or at the last.
    ///   - isReversed: Whether to go from greater to smaller keys.
    package func forEachEntry(
        of table: LMDBTable, from first: [UInt8]? = nil, isReversed: Bool = false,
        _ body: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool
    ) throws {
        var opened: OpaquePointer?
        try check(unsafe mdb_cursor_open(handle, table.id, &opened), "mdb_cursor_open")
        let cursor = unsafe opened
        defer { unsafe mdb_cursor_close(cursor) }

        var (key, value) = unsafe (MDB_val(), MDB_val())
        var code = unsafe seek(cursor, to: first, isReversed: isReversed, &key, &value)
        while code == MDB_SUCCESS {
            // SAFETY: the memory is LMDB's map and stays as it is while the transaction is open.
            guard try body(unsafe key.copy(), unsafe value.copy()) else { return }
            code = unsafe mdb_cursor_get(cursor, &key, &value, isReversed ? MDB_PREV : MDB_NEXT)
        }
        if code != MDB_NOTFOUND { try check(code, "mdb_cursor_get") }
    }

    private func seek(
        _ cursor: OpaquePointer?, to first: [UInt8]?, isReversed: Bool,
        _ key: inout MDB_val, _ value: inout MDB_val
    ) -> Int32 {
        guard let first else {
            let operation = isReversed ? MDB_LAST : MDB_FIRST
            return unsafe mdb_cursor_get(cursor, &key, &value, operation)
        }
        let code = unsafe first.withUnsafeBytes { bytes in
            unsafe key = MDB_val(borrowing: bytes)
            return unsafe mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE)
        }
        guard isReversed else { return code }
        let operation = code == MDB_NOTFOUND ? MDB_LAST : MDB_PREV
        return unsafe mdb_cursor_get(cursor, &key, &value, operation)
    }
}

extension MDB_val {
    fileprivate func copy() -> [UInt8] {
        unsafe Array(UnsafeRawBufferPointer(start: mv_data, count: mv_size))
    }
}
