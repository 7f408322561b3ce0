import CSpanLogLMDB
import Glibc

/// A call of liblmdb that failed.
package struct LMDBError: Error, Hashable, Sendable, CustomStringConvertible {
    /// LMDB's code (`MDB_MAP_FULL`, …) or the system's `errno`.
    package let code: Int32
    /// The function of liblmdb that returned it.
    package let function: String

    /// The function and liblmdb's words for the code.
    package var description: String {
        // SAFETY: mdb_strerror returns a static string for every code.
        unsafe "\(function): \(String(cString: mdb_strerror(code)))"
    }

    /// The environment's map is too small for what was written.
    package var isMapFull: Bool { code == MDB_MAP_FULL }

    /// The address space for the map, or memory, was refused.
    package var isOutOfMemory: Bool { code == ENOMEM }

    /// The disk, or the user's share of it, is full.
    package var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT }

    /// The environment is of no further use: an earlier write of its meta page failed.
    package var isPanic: Bool { code == MDB_PANIC }
}

/// Throws unless `code` says success.
func check(_ code: Int32, _ function: String) throws(LMDBError) {
    guard code == MDB_SUCCESS else { throw LMDBError(code: code, function: function) }
}

/// The object that a call of liblmdb makes.
func create(
    _ function: String, _ call: (inout OpaquePointer?) -> Int32
) throws(LMDBError) -> OpaquePointer {
    var created: OpaquePointer?
    try check(unsafe call(&created), function)
    guard let created = unsafe created else {
        throw LMDBError(code: MDB_PANIC, function: function)
    }
    return unsafe created
}
