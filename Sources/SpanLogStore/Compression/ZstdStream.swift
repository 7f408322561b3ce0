import CSpanLogZstd
package import SpanLogFormat

/// Decompresses Zstandard frames that come in pieces, one after the other, of any length.
@safe
package final class ZstdStream {
    private let context: OpaquePointer
    private var output: [UInt8]
    /// Whether the input so far ends where a frame does.
    package private(set) var isAtFrameEnd = true

    /// A stream, or `nil` if there is no memory for it.
    package init?() {
        guard let context = unsafe ZSTD_createDCtx() else { return nil }
        unsafe self.context = context
        // A frame may ask for a window of 128 MiB at most, which is zstd's own default.
        _ = unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 27)
        output = [UInt8](repeating: 0, count: ZSTD_DStreamOutSize())
    }

    deinit {
        unsafe ZSTD_freeDCtx(context)
    }

    /// Decompresses `input` from `position` on, which is moved behind what was read, as far as 128 KiB
    /// come out.
    ///
    /// - Returns: What came out. Nothing at the end of `input` means that more of it is needed.
    /// - Throws: ``FormatError`` if the bytes are no Zstandard.
    package func next(
        _ input: [UInt8], from position: inout Int
    ) throws(FormatError) -> ArraySlice<UInt8> {
        let start = position
        let context = unsafe context
        let (result, read, written) = unsafe input.withUnsafeBytes { input in
            unsafe output.withUnsafeMutableBytes { output in
                var source = unsafe ZSTD_inBuffer(
                    src: input.baseAddress, size: input.count, pos: start)
                var target = unsafe ZSTD_outBuffer(
                    dst: output.baseAddress, size: output.count, pos: 0)
                // SAFETY: zstd checks the frames, reads within `size` bytes and writes within `size`.
                let result = unsafe ZSTD_decompressStream(context, &target, &source)
                return unsafe (result, source.pos, target.pos)
            }
        }
        guard ZSTD_isError(result) == 0 else {
            throw FormatError("the compressed bytes are damaged")
        }
        // Called at the end of everything, zstd already asks for the next frame.
        if read > start || written > 0 { isAtFrameEnd = result == 0 }
        position = read
        return output[..<written]
    }
}
