internal import SpanLogJSON

/// Finds the objects that matter in JSON text of any length as it comes by, without keeping the rest:
/// the elements of one list in each document, or all objects at the top and in arrays there.
///
/// What brackets and quotation marks say is all that it looks at; who takes an element checks it.
struct JSONElements {
    /// Where the objects stand.
    struct Shape {
        /// The names of the list in a document; `nil` if no document is around the objects.
        var listNames: JSONNames?
        /// Names of members that show that a document holds something else.
        var otherNames = JSONNames([String]())
        /// Whether each line is a document of its own, so that damage ends with its line.
        var isLineBased = true
        /// What to call an object that is missing.
        var elementName = "an object"
    }

    /// Where something begins.
    struct Place: Hashable, Sendable {
        /// Counted from 1.
        var line: UInt64 = 1
        /// Counted from 0, in the text.
        var byteOffset: UInt64 = 0
    }

    enum Event {
        case element([UInt8], Place)
        /// Something that cannot be read, and why.
        case fault(String, Place)
        /// A document of something else.
        case other(Place)
    }

    enum Container {
        case array
        case document(isKnown: Bool, isOther: Bool, isEmpty: Bool)
        case list
    }

    enum State {
        case outline
        case inside(Purpose)
        case scalar
        case lost
    }

    enum Purpose {
        case element, name, skipped
    }

    enum Phase {
        case name, colon, value
    }

    let shape: Shape
    let byteCountMax: Int
    var state = State.outline
    var phase = Phase.value
    var isList = false
    var containers: [Container] = []
    var place = Place()
    var documentStart = Place()
    var elementStart = Place()
    var captured: [UInt8] = []
    var isOversized = false
    var depth = 0
    var isInString = false
    var isEscaped = false

    /// - Parameter byteCountMax: A larger element is a fault.
    init(_ shape: Shape, byteCountMax: Int) {
        self.shape = shape
        self.byteCountMax = byteCountMax
    }

    /// Takes the next bytes of the text.
    mutating func add(_ bytes: [UInt8], _ emit: (Event) throws -> Void) throws {
        var position = 0
        while position < bytes.count {
            switch state {
            case .outline: try outline(bytes[position], &position, emit)
            case .inside(let purpose): try inside(purpose, bytes, &position, emit)
            case .scalar: skipScalar(bytes, &position)
            case .lost: skipLost(bytes, &position)
            }
        }
    }

    /// Ends the text.
    mutating func finish(_ emit: (Event) throws -> Void) throws {
        if case .lost = state { return }
        if !isClean { try emit(.fault("it is cut off", start)) }
    }

    /// Whether a document may end here.
    var isClean: Bool {
        if case .inside = state { return false }
        return containers.isEmpty
    }

    var start: Place {
        if case .inside(.element) = state { elementStart } else { documentStart }
    }
}
