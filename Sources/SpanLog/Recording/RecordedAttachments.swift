internal import Synchronization

/// Remembers which attachments were recorded, so that the same one is not recorded again and again.
///
/// It forgets the oldest, which only costs space in the store: the export brings each over once.
final class RecordedAttachments: Sendable {
    private let state = Mutex(State())
    private static let countMax = 4096

    private struct State {
        var known: Set<String> = []
        var order: [String] = []
        /// The place in `order` of the oldest.
        var oldest = 0
    }

    /// Whether `id` has not been asked for before, as far as this remembers.
    func isNew(_ id: String) -> Bool {
        state.withLock { state in
            guard state.known.insert(id).inserted else { return false }
            guard state.order.count == Self.countMax else {
                state.order.append(id)
                return true
            }
            state.known.remove(state.order[state.oldest])
            state.order[state.oldest] = id
            state.oldest = (state.oldest + 1) % Self.countMax
            return true
        }
    }
}
