import CSpanLogLMDB

/// An LMDB environment in a single file (`MDB_NOSUBDIR`), open for writing.
///
/// There is no reading here: what another machine may have written never reaches liblmdb, which
/// trusts the numbers in a file. SpanLogStore reads the pages itself.
@safe
package struct LMDBEnvironment: ~Copyable {
    private let handle: OpaquePointer

    /// How an environment is opened.
    package struct Options: Sendable {
        /// The most that the file may grow to; only address space is taken for it.
        package var mapSizeBytes: Int
        package var tablesMax = 4
        /// No lock file is made or looked at: the caller keeps other processes away.
        package var isLockFree = false
        /// Commits do not reach the disk until ``LMDBEnvironment/sync()``.
        package var isUnsynced = false

        package init(mapSizeBytes: Int) {
            self.mapSizeBytes = mapSizeBytes
        }

        var flags: UInt32 {
            var flags = MDB_NOSUBDIR | MDB_NOTLS
            if isLockFree { flags |= MDB_NOLOCK }
            if isUnsynced { flags |= MDB_NOSYNC }
            return UInt32(flags)
        }
    }

    /// Opens the file at `path`, and creates it with mode 0600 unless it is there.
    ///
    /// - Throws: The system's error, or `MDB_INVALID` and its like if the file is none of LMDB's.
    package static func open(
        path: String, options: Options
    ) throws(LMDBError) -> LMDBEnvironment {
        let environment = unsafe LMDBEnvironment(
            handle: try create("mdb_env_create") { unsafe mdb_env_create(&$0) })
        try environment.open(path, options)
        return environment
    }

    private func open(_ path: String, _ options: Options) throws(LMDBError) {
        try check(unsafe mdb_env_set_mapsize(handle, options.mapSizeBytes), "mdb_env_set_mapsize")
        try check(
            unsafe mdb_env_set_maxdbs(handle, UInt32(options.tablesMax)), "mdb_env_set_maxdbs")
        try check(unsafe mdb_env_open(handle, path, options.flags, 0o600), "mdb_env_open")
    }

    private init(handle: OpaquePointer) {
        unsafe self.handle = handle
    }

    deinit {
        // SAFETY: transactions borrow the environment, so none is left open here.
        unsafe mdb_env_close(handle)
    }

    /// Makes everything committed so far durable, whatever the options.
    package func sync() throws(LMDBError) {
        try check(unsafe mdb_env_sync(handle, 1), "mdb_env_sync")
    }

    /// The bytes of the file that hold data, free pages included.
    package func usedByteCount() throws(LMDBError) -> Int {
        var information = unsafe MDB_envinfo()
        var statistics = MDB_stat()
        try check(unsafe mdb_env_info(handle, &information), "mdb_env_info")
        try check(unsafe mdb_env_stat(handle, &statistics), "mdb_env_stat")
        return unsafe (information.me_last_pgno + 1) * Int(statistics.ms_psize)
    }

    /// Runs `body` in a transaction and commits it; nothing is changed if `body` or this throws.
    ///
    /// - Throws: What `body` throws, or the error of beginning or committing. `MDB_MAP_FULL` may
    ///   come from either.
    package func write<Result>(
        _ body: (inout LMDBWriteTransaction) throws -> Result
    ) throws -> Result {
        var transaction = unsafe try LMDBWriteTransaction(handle)
        let result = try body(&transaction)
        try transaction.commit()
        return result
    }
}

/// A named table, valid as long as its environment.
package struct LMDBTable: Sendable {
    let id: MDB_dbi
}
