/// A call from one host to another, when it truly happened: in seconds.
struct SimulatedCall {
    let client: Int
    let server: Int
    var kind: Kind
    /// The client's start, the server's start and end, and the client's end.
    var clientStart: Double
    var serverStart: Double
    var serverEnd: Double
    var clientEnd: Double

    enum Kind {
        case answered
        case asynchronous
        /// The client gave up and says so.
        case timedOut
        /// The client gave up and does not say so, and nothing else tells.
        case falselyAnswered
        /// The server's span ended some time after the response was sent.
        case endedLate
    }

    /// A call with delays of 60 to 200 µs each way, and of queues besides.
    init(
        _ edge: SimulatedEdge, at time: Double, _ scenario: ClockScenario,
        _ random: inout RandomNumbers
    ) {
        (client, server) = (edge.client, edge.server)
        let there = edge.delayThere + Self.queue(400e-6, 300e-6, &random)
        let back = edge.delayBack + Self.queue(250e-6, 200e-6, &random)
        let work = random.logNormal(median: 3e-3, deviation: 1)
        clientStart = time
        serverStart = time + there
        serverEnd = serverStart + work
        clientEnd = serverEnd + back
        kind = .answered
        let draw = random.unit()
        if draw < scenario.asynchronousShare {
            kind = .asynchronous
            clientEnd = time + random.uniform(20e-6, 80e-6)
        } else if draw < scenario.asynchronousShare + scenario.timeoutShare {
            kind = .timedOut
            clientEnd = serverStart + work * random.uniform(0.05, 0.9)
        } else if random.unit() < scenario.falseShare {
            // It waited in a queue until its client was gone, and took less time than that then.
            kind = .falselyAnswered
            let wait = random.uniform(2e-3, 2e-2)
            (serverStart, serverEnd) = (serverStart + wait, serverEnd + wait)
            clientEnd = max(serverStart + work * 0.5, time + work * 1.05)
        } else if scenario.lateEnd > 0 {
            kind = .endedLate
            serverEnd += random.exponential(mean: scenario.lateEnd)
        }
    }

    private static func queue(
        _ mean: Double, _ scale: Double, _ random: inout RandomNumbers
    ) -> Double {
        (random.unit() < 0.6 ? random.exponential(mean: mean) : 0)
            + random.pareto(shape: 2.5, scale: scale)
    }
}

/// Two hosts of which one calls the other.
struct SimulatedEdge {
    let client: Int
    let server: Int
    /// The least one-way delays, in seconds: not the same both ways.
    let delayThere: Double
    let delayBack: Double

    init(client: Int, server: Int, _ random: inout RandomNumbers) {
        (self.client, self.server) = (client, server)
        delayThere = random.uniform(60e-6, 200e-6)
        delayBack = delayThere * random.uniform(0.8, 1.25)
    }
}
