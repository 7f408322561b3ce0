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

    private enum Container {
        case array
        case document(isKnown: Bool, isOther: Bool, isEmpty: Bool)
        case list
    }

    private enum State {
        case outline
        case inside(Purpose)
        case scalar
        case lost
    }

    private enum Purpose {
        case element, name, skipped
    }

    private enum Phase {
        case name, colon, value
    }

    private let shape: Shape
    private let byteCountMax: Int
    private var state = State.outline
    private var phase = Phase.value
    private var isList = false
    private var containers: [Container] = []
    private var place = Place()
    private var documentStart = Place()
    private var elementStart = Place()
    private var captured: [UInt8] = []
    private var isOversized = false
    private var depth = 0
    private var isInString = false
    private var isEscaped = false

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
    private var isClean: Bool {
        if case .inside = state { return false }
        return containers.isEmpty
    }

    private var start: Place {
        if case .inside(.element) = state { elementStart } else { documentStart }
    }
}

extension JSONElements {
    private mutating func move(_ count: Int, _ position: inout Int) {
        position += count
        place.byteOffset += UInt64(count)
    }

    /// Takes a line's end.
    private mutating func newline(_ emit: (Event) throws -> Void) throws {
        if shape.isLineBased, !isClean {
            try emit(.fault("the line is cut off", start))
            reset()
        }
        place.line += 1
    }

    private mutating func reset() {
        state = .outline
        phase = .value
        containers.removeAll(keepingCapacity: true)
        captured = []
        (isOversized, isInString, isEscaped, depth) = (false, false, false, 0)
    }

    /// Gives up the line, or without lines all of the rest.
    private mutating func lose(_ reason: String, _ emit: (Event) throws -> Void) throws {
        try emit(.fault(reason, place))
        reset()
        state = .lost
    }

    private mutating func skipLost(_ bytes: [UInt8], _ position: inout Int) {
        guard shape.isLineBased, let end = bytes[position...].firstIndex(of: 0x0A) else {
            return move(bytes.count - position, &position)
        }
        move(end - position, &position)
        state = .outline
    }

    private mutating func skipScalar(_ bytes: [UInt8], _ position: inout Int) {
        let end = bytes[position...].firstIndex { byte in
            JSONCharacter.isSpace(byte) || JSONCharacter.punctuation(byte) != nil
        }
        move((end ?? bytes.count) - position, &position)
        if end != nil { state = .outline }
    }

    /// Takes a byte outside of the objects.
    private mutating func outline(
        _ byte: UInt8, _ position: inout Int, _ emit: (Event) throws -> Void
    ) throws {
        if byte == 0x0A {
            try newline(emit)
            return move(1, &position)
        }
        guard !JSONCharacter.isSpace(byte) else { return move(1, &position) }
        if containers.isEmpty { documentStart = place }
        switch JSONCharacter.punctuation(byte) {
        case .objectStart: try openObject(&position, emit)
        case .arrayStart: try openArray(&position, emit)
        case .objectEnd, .arrayEnd: try close(byte, &position, emit)
        case .comma:
            if case .document = containers.last { phase = .name }
            move(1, &position)
        case .colon:
            guard case .document = containers.last, phase == .colon else {
                return try lose("this is no JSON", emit)
            }
            phase = .value
            move(1, &position)
        default: try openScalar(byte, &position, emit)
        }
    }

    private mutating func openObject(
        _ position: inout Int, _ emit: (Event) throws -> Void
    ) throws {
        switch containers.last {
        case .list: begin(.element)
        case .document:
            guard phase == .value else { return try lose("this is no JSON", emit) }
            begin(.skipped)
        case .array, nil:
            guard shape.listNames != nil else { return begin(.element) }
            containers.append(.document(isKnown: false, isOther: false, isEmpty: true))
            phase = .name
            move(1, &position)
        }
    }

    private mutating func openArray(
        _ position: inout Int, _ emit: (Event) throws -> Void
    ) throws {
        switch containers.last {
        case .document:
            guard phase == .value else { return try lose("this is no JSON", emit) }
            guard isList else { return begin(.skipped) }
            containers.append(.list)
            move(1, &position)
        case .list:
            try emit(.fault("expected \(shape.elementName)", place))
            begin(.skipped)
        case .array, nil:
            containers.append(.array)
            move(1, &position)
        }
    }

    private mutating func close(
        _ byte: UInt8, _ position: inout Int, _ emit: (Event) throws -> Void
    ) throws {
        let isBrace = byte == UInt8(ascii: "}")
        switch containers.last {
        case .document(let isKnown, let isOther, let isEmpty) where isBrace:
            containers.removeLast()
            phase = .value
            if !isKnown, isOther { try emit(.other(documentStart)) }
            if !isKnown, !isOther, !isEmpty {
                try emit(.fault("the document holds no spans of this format", documentStart))
            }
        case .list where !isBrace:
            containers.removeLast()
            phase = .name
        case .array where !isBrace: containers.removeLast()
        default: return try lose("this is no JSON", emit)
        }
        move(1, &position)
    }

    /// Takes a string, number or word, or what is none.
    private mutating func openScalar(
        _ byte: UInt8, _ position: inout Int, _ emit: (Event) throws -> Void
    ) throws {
        let isString = byte == UInt8(ascii: "\"")
        if case .document = containers.last {
            if phase == .name, isString { return begin(.name) }
            guard phase == .value else { return try lose("this is no JSON", emit) }
        } else if containers.isEmpty {
            return try lose("this is no JSON", emit)
        } else {
            try emit(.fault("expected \(shape.elementName)", place))
        }
        if isString {
            begin(.skipped)
        } else {
            state = .scalar
        }
    }

    private mutating func begin(_ purpose: Purpose) {
        state = .inside(purpose)
        elementStart = place
    }
}

extension JSONElements {
    /// Takes bytes of an object, array or string up to its end.
    private mutating func inside(
        _ purpose: Purpose, _ bytes: [UInt8], _ position: inout Int,
        _ emit: (Event) throws -> Void
    ) throws {
        let start = position
        var isEnd = false
        var newline: Int?
        var index = position
        let count = bytes.count
        scan: while index < count {
            let byte = bytes[index]
            index += 1
            if isEscaped {
                isEscaped = false
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                isInString.toggle()
                if !isInString, depth == 0 { isEnd = true }
            case UInt8(ascii: "\\"): isEscaped = isInString
            case UInt8(ascii: "{"), UInt8(ascii: "["): if !isInString { depth += 1 }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if !isInString {
                    depth -= 1
                    isEnd = depth == 0
                }
            case 0x0A:
                newline = index - 1
                break scan
            default: continue
            }
            if isEnd { break }
        }
        capture(purpose, bytes[start..<(newline ?? index)])
        move((newline ?? index) - start, &position)
        if isEnd { return try end(purpose, emit) }
        guard newline != nil else { return }
        try self.newline(emit)
        if case .inside = state { capture(purpose, [0x0A]) }
        move(1, &position)
    }

    private mutating func capture(_ purpose: Purpose, _ bytes: ArraySlice<UInt8>) {
        guard purpose != .skipped, !isOversized else { return }
        let max = purpose == .name ? Self.nameByteCountMax : byteCountMax
        guard captured.count + bytes.count <= max else {
            isOversized = true
            return captured = []
        }
        captured.append(contentsOf: bytes)
    }

    private mutating func end(_ purpose: Purpose, _ emit: (Event) throws -> Void) throws {
        state = .outline
        let (bytes, isWhole) = (captured, !isOversized)
        captured = []
        isOversized = false
        switch purpose {
        case .skipped: break
        case .name: take(name: isWhole ? bytes : [])
        case .element:
            guard isWhole else {
                let reason = "it has more than \(byteCountMax) bytes"
                return try emit(.fault(reason, elementStart))
            }
            try emit(.element(bytes, elementStart))
        }
    }

    private mutating func take(name: [UInt8]) {
        phase = .colon
        guard case .document(let isKnown, let isOther, _) = containers.last else { return }
        let inside = name.isEmpty ? 0..<0 : 1..<name.count - 1
        isList = shape.listNames?.index(of: inside, in: name) != nil
        let other = shape.otherNames.index(of: inside, in: name) != nil
        containers[containers.count - 1] = .document(
            isKnown: isKnown || isList, isOther: isOther || other, isEmpty: false)
    }

    private static let nameByteCountMax = 1024
}
