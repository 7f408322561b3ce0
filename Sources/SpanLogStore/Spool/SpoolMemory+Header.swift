import SpanLogFormat

extension SpoolMemory {
    /// Writes what stays as it is. The magic comes last, so that a file with it is complete.
    func writeHeader(
        recorderID: RecorderID, bootID: [UInt8], resource: [UInt8], scope: [UInt8]
    ) {
        typealias Header = SpoolLayout.Header
        var fixed = SpoolLayout.version.littleEndianBytes + [0, 0]
        fixed += UInt32(SpoolLayout.headerByteCount).littleEndianBytes
        fixed += Array(repeating: 0, count: 8)
        fixed += recorderID.bytes + bootID
        let numbers = [
            layout.chunkCount, layout.chunkByteCount, layout.slotCount, SpoolLayout.slotByteCount,
            layout.resourceByteCount, layout.scopeByteCount,
        ]
        for number in numbers { fixed += UInt32(number).littleEndianBytes }
        fixed += Array(repeating: 0, count: Header.variable - Header.checked - fixed.count)
        let checked = fixed + resource + scope
        let checksum = Checksum.xxh3(checked, 0..<checked.count)
        write(fixed, at: Header.checked)
        write(resource + scope, at: SpoolLayout.headerByteCount)
        write(checksum.littleEndianBytes, at: Header.checksum)
        write(SpoolLayout.magic, at: 0)
    }
}
