import CSpanLogZstd
import SpanLogFormat

/// Compresses bytes as Zstandard frames, with a context and an output buffer that are made once.
@safe
package struct ZstdCompressor: ~Copyable {
    private let context: OpaquePointer
    private var output: [UInt8] = []

    /// A context for `level`, or `nil` if there is no memory for it.
    package init?(level: Int32 = 1) {
        guard let context = unsafe ZSTD_createCCtx() else { return nil }
        unsafe self.context = context
        _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
    }

    deinit {
        unsafe ZSTD_freeCCtx(context)
    }

    /// The bytes of `range` as one frame that says how long its content is, or `nil` if they cannot
    /// be compressed at all.
    ///
    /// - Complexity: O(*n*) in the number of bytes; nothing is allocated once a buffer is there that
    ///   is large enough.
    package mutating func compress(_ bytes: [UInt8], _ range: Range<Int>) -> ArraySlice<UInt8>? {
        let bound = ZSTD_compressBound(range.count)
        if output.count < bound { output = [UInt8](repeating: 0, count: bound) }
        let context = unsafe context
        let count = unsafe output.withUnsafeMutableBytes { output in
            unsafe bytes[range].withUnsafeBytes { input in
                // SAFETY: the function writes `output.count` bytes at most, and reads `input.count`.
                unsafe ZSTD_compress2(
                    context, output.baseAddress, output.count, input.baseAddress, input.count)
            }
        }
        guard ZSTD_isError(count) == 0 else { return nil }
        return output[..<count]
    }

    /// Lets go of a buffer that one large block has made larger than `byteCount`.
    package mutating func trim(to byteCount: Int) {
        if output.count > byteCount { output = [] }
    }
}
