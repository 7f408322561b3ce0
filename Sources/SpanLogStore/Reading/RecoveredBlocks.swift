import SpanLogFormat

/// What is in no segment of a store yet: spools, and files of single blocks.
struct RecoveredBlocks {
    private var spools: [SpoolReader] = []
    private var single: [(Block, file: String)] = []

    init(_ store: Store, _ damages: inout [Store.Damage]) {
        for path in store.spoolPaths {
            let spool = Store.reading(path, &damages) { () throws(StoreError) in
                try SpoolReader.open(path)
            }
            guard let spool else { continue }
            damages += spool.damages.named
            spools.append(spool)
        }
        for path in store.blockPaths {
            let block = Store.reading(path, &damages) { () throws(StoreError) in
                try Block.read(path)
            }
            if let block { single.append((block, path)) }
        }
    }

    /// Takes from a block of a segment what a damaged spool of the same recorder cannot tell.
    mutating func learn(from block: Block) {
        for index in spools.indices
        where spools[index].isIdentityLost && spools[index].recorderID == block.header.recorderID {
            spools[index].adopt(block)
        }
    }

    /// The blocks that all of it would have become.
    var blocks: [(Block, file: String)] {
        spools.flatMap { spool in spool.blocks.map { ($0, spool.path) } } + single
    }
}
