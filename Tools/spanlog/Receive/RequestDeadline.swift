import NIOCore
import NIOHTTPTypes

/// Closes a connection whose request does not arrive in time, however steadily it drips.
///
/// Hummingbird's own timeout closes one on which nothing arrives.
final class RequestDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private let time: TimeAmount
    private var task: Scheduled<Void>?

    init(_ time: TimeAmount) {
        self.time = time
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            let channel = context.channel
            task = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
        case .end: cancel()
        case .body: break
        }
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        cancel()
        context.fireChannelInactive()
    }

    private func cancel() {
        task?.cancel()
        task = nil
    }
}
