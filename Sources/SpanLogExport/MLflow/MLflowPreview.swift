/// The line that MLflow's list of traces shows for a request or a response.
///
/// MLflow's own SDK makes it from the inputs or outputs of the root: the text of the last message
/// if they are a conversation in one of OpenAI's forms, else the JSON text itself.
struct MLflowPreview {
    /// The preview, no longer than MLflow's column.
    let text: String

    /// Who speaks in the message that stands for the whole.
    enum Role: String {
        case user, assistant
    }

    init(of value: MLflowRecordedValue, role: Role) {
        let message = value.json.flatMap { Self.messageText(in: JSONNode($0), role: role) }
        let whole = message ?? value.spaced(atLeast: MLflowLimit.preview + 1)
        text = whole.truncated(MLflowLimit.preview, ending: "...")
    }

    private static func messageText(in node: JSONNode, role: Role) -> String? {
        guard let messages = messages(in: node), let last = messages.last else { return nil }
        let chosen = messages.last { $0["role"]?.string == role.rawValue } ?? last
        let text = chosen["content"].flatMap(text(ofContent:)) ?? ""
        return text.isEmpty ? nil : text
    }

    private typealias Message = [String: JSONNode]

    private static func messages(in node: JSONNode) -> [Message]? {
        var node = node
        while let members = node.members {
            if let list = members["messages"]?.elements, !list.isEmpty { return messages(list) }
            let choice = members["choices"]?.elements?.first?.members
            if let message = choice?["message"].flatMap(message(_:)) { return [message] }
            for name in ["input", "output"] {
                if let list = members[name]?.elements, !list.isEmpty { return messages(list) }
            }
            guard let request = members["request"] else { return nil }
            node = request
        }
        return nil
    }

    private static func messages(_ list: [JSONNode]) -> [Message] {
        list.compactMap(message(_:))
    }

    private static func message(_ node: JSONNode) -> Message? {
        guard let members = node.members, members["role"] != nil, members["content"] != nil
        else { return nil }
        return members
    }

    private static func text(ofContent content: JSONNode) -> String? {
        guard let parts = content.elements else { return content.string }
        for part in parts {
            if let text = part.string { return text }
            guard let type = part.members?["type"]?.string else { continue }
            if type == "text" || type == "output_text" { return part.members?["text"]?.string }
        }
        return nil
    }
}
