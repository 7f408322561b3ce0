import SpanLogStore
import Testing

@testable import SpanLog

@Suite struct ConfigurationTests {
    private func options(
        _ change: (inout Recorder.Configuration) -> Void = { _ in }
    ) -> StoreWriter.Options {
        var configuration = Recorder.Configuration(directory: "spans", environment: [:])
        change(&configuration)
        return configuration.writerOptions
    }

    @Test func `unless asked to, nothing is removed, and each block is durable and compressed`() {
        let options = options()
        #expect(options.durability == .everyBlock && options.isCompressing)
        #expect(options.retention == RetentionLimits())
        #expect(options.segmentBytesMax == 1 << 30 && options.segmentAgeMaxNanoseconds == nil)
    }

    @Test func `each setting reaches the writer`() {
        #expect(!options { $0.compression = .none }.isCompressing)
        #expect(options { $0.durability = .system }.durability == .system)
        let interval = options { $0.durability = .interval(.seconds(7200)) }.durability
        #expect(interval == .interval(nanoseconds: 7_200_000_000_000))
        #expect(
            options { $0.segmentAgeMax = .seconds(5) }.segmentAgeMaxNanoseconds == 5_000_000_000)
    }

    @Test func `a store's limits leave room for several segments`() {
        let bounded = options {
            $0.storeBytesMax = 400 << 20
            $0.storeAgeMax = .seconds(86_400)
        }
        #expect(bounded.retention.byteCountMax == 400 << 20)
        #expect(bounded.retention.ageNanosecondsMax == 86_400_000_000_000)
        #expect(bounded.segmentBytesMax == 100 << 20)
        #expect(bounded.segmentAgeMaxNanoseconds == 21_600_000_000_000)
        let smaller = options {
            $0.storeBytesMax = 400 << 20
            $0.segmentBytesMax = 2 << 20
            $0.storeAgeMax = .seconds(86_400)
            $0.segmentAgeMax = .seconds(60)
        }
        #expect(smaller.segmentBytesMax == 2 << 20)
        #expect(smaller.segmentAgeMaxNanoseconds == 60_000_000_000)
    }

    @Test(arguments: [Duration.seconds(-1), .zero, .seconds(Int64.max)])
    func `no duration is too short or too long`(duration: Duration) {
        let options = options {
            $0.durability = .interval(duration)
            $0.segmentAgeMax = duration
            $0.storeAgeMax = duration
            $0.flushInterval = duration
            $0.storeBytesMax = Int.min
        }
        #expect(options.segmentAgeMaxNanoseconds ?? 0 > 0)
        #expect(options.segmentBytesMax >= 1 << 20)
        #expect(options.retention.byteCountMax == 0)
    }
}
