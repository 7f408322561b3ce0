import CSpanLogLMDB

/// A transaction that writes. Dropped without a commit, it changes nothing.
@safe
package struct LMDBWriteTransaction: ~Copyable {
    private let handle: OpaquePointer

    init(_ environment: OpaquePointer) throws(LMDBError) {
        unsafe handle = try create("mdb_txn_begin") {
            unsafe mdb_txn_begin(environment, nil, 0, &$0)
        }
    }

    deinit {
        unsafe mdb_txn_abort(handle)
    }

    /// Makes the changes visible, and durable unless the environment is unsynced.
    consuming func commit() throws(LMDBError) {
        let handle = unsafe handle
        // LMDB frees the transaction whether the commit succeeds or not: aborting it afterwards
        // would free it twice.
        discard self
        try check(unsafe mdb_txn_commit(handle), "mdb_txn_commit")
    }

    /// The table `name`, created if it is not there.
    package mutating func table(_ name: String) throws(LMDBError) -> LMDBTable {
        var id: MDB_dbi = 0
        try check(unsafe mdb_dbi_open(handle, name, UInt32(MDB_CREATE), &id), "mdb_dbi_open")
        return LMDBTable(id: id)
    }

    /// Stores `value` under `key`, in place of what was there.
    ///
    /// - Throws: `MDB_MAP_FULL` if the map is full, `MDB_BAD_VALSIZE` for an impossible key.
    package mutating func put(
        _ value: [UInt8], for key: [UInt8], in table: LMDBTable
    ) throws(LMDBError) {
        try put(value, for: key, in: table, flags: 0)
    }

    /// Stores `value` under `key`, which must sort after every key already in `table`.
    ///
    /// - Throws: `MDB_KEYEXIST` if `key` does not sort last, `MDB_MAP_FULL` if the map is full.
    package mutating func append(
        _ value: [UInt8], for key: [UInt8], in table: LMDBTable
    ) throws(LMDBError) {
        try put(value, for: key, in: table, flags: UInt32(MDB_APPEND))
    }

    private mutating func put(
        _ value: [UInt8], for key: [UInt8], in table: LMDBTable, flags: UInt32
    ) throws(LMDBError) {
        let code = unsafe key.withUnsafeBytes { key in
            unsafe value.withUnsafeBytes { value in
                var key = unsafe MDB_val(borrowing: key)
                var value = unsafe MDB_val(borrowing: value)
                // SAFETY: LMDB copies both buffers before it returns, and writes to neither.
                return unsafe mdb_put(handle, table.id, &key, &value, flags)
            }
        }
        try check(code, "mdb_put")
    }
}

extension MDB_val {
    /// The memory of `bytes`, which must outlive the use of this value.
    init(borrowing bytes: UnsafeRawBufferPointer) {
        unsafe self.init(
            mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    }
}
