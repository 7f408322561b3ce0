import SpanLogFormat

/// A file that is to be joined, read and checked as a whole.
struct CompactionInput {
    let file: StoreInventory.File
    /// The blocks, each under another name.
    private(set) var blocks: [Element] = []
    /// The blocks of open spans.
    private(set) var openSpans: [Element] = []
    /// Whether these are blocks of a spool or single ones: a block in a segment wins over them.
    let isRecovered: Bool
    private let segment: SegmentReader?

    /// A block and where its stored value comes from.
    struct Element {
        let name: BlockName
        let spanCount: UInt32
        let payloadChecksum: UInt64
        fileprivate let source: Source

        fileprivate enum Source {
            case segment(SegmentReader.Location)
            case memory([UInt8])
        }
    }

    /// Reads the file.
    ///
    /// - Throws: ``StoreError`` if anything in it is damaged.
    init(
        _ file: StoreInventory.File, _ compressor: inout BlockCompressor?
    ) throws(StoreError) {
        self.file = file
        switch file.kind {
        case .segment, .compacted:
            let segment = try SegmentReader(file.path)
            self.segment = segment
            isRecovered = false
            for location in segment.locations {
                blocks.append(Element(try segment.block(at: location), .segment(location)))
            }
            for location in segment.openSpanLocations {
                openSpans.append(Element(try segment.openSpans(at: location), .segment(location)))
            }
        case .block:
            segment = nil
            isRecovered = true
            blocks = [Element(sealing: try Block.read(file.path), &compressor)]
        case .spool:
            segment = nil
            isRecovered = true
            let spool = try SpoolReader.open(file.path)
            if let damage = spool.damages.all.first {
                throw StoreError(.damaged, "\(file.path) is damaged: \(damage.reason)")
            }
            for block in spool.blocks {
                let element = Element(sealing: block, &compressor)
                if block.holdsOpenSpans {
                    openSpans.append(element)
                } else {
                    blocks.append(element)
                }
            }
        }
    }

    /// The value to store.
    func value(of element: Element) throws(StoreError) -> [UInt8] {
        switch element.source {
        case .segment(let location): try segment!.value(at: location).bytes
        case .memory(let bytes): bytes
        }
    }
}

extension CompactionInput.Element {
    fileprivate init(_ block: Block, _ source: Source) {
        name = BlockName(block.header)
        spanCount = block.header.spanCount
        payloadChecksum = block.payloadChecksum
        self.source = source
    }

    /// A block that is in no segment yet, as it will be.
    fileprivate init(sealing block: Block, _ compressor: inout BlockCompressor?) {
        self.init(block, .memory(block.sealed(with: &compressor)))
    }
}
