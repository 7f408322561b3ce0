import Testing

@testable import SpanLogExport

@Suite struct MLflowTrackingURITests {
    @Test(arguments: [
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"), ("http://host/", "http://host"),
        ("https://host/a%20b//", "https://host/a%20b"), ("HTTP://host", "HTTP://host"),
        ("http://me:secret@host:1/x/?q#/experiments", "http://host:1/x"),
        ("http://[::1]:5000", "http://[::1]:5000"),
    ])
    func `an address loses what requests must not carry`(text: String, address: String) throws {
        #expect(try MLflowTrackingURI(text).address == address)
    }

    @Test(arguments: [
        "", "127.0.0.1:5000", "sqlite:///a.db", "file:///tmp", "databricks", "http://",
    ])
    func `what is no server's address is refused in words`(text: String) {
        let error = #expect(throws: ExportError.self) { try MLflowTrackingURI(text) }
        #expect(error?.code == .invalidAddress)
        #expect(error?.message.contains("\"\(text)\"") == true)
    }

    @Test(
        arguments: [
            ([:], nil), (["MLFLOW_TRACKING_USERNAME": "u"], nil),
            (["MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "p"], "Basic dTpw"),
            (["MLFLOW_TRACKING_TOKEN": "t"], "Bearer t"),
            (["MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_TOKEN": "t"], "Bearer t"),
            (
                [
                    "MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "p",
                    "MLFLOW_TRACKING_TOKEN": "t",
                ], "Basic dTpw"
            ),
        ] as [([String: String], String?)])
    func `credentials come from MLflow's variables`(
        environment: [String: String], authorization: String?
    ) {
        #expect(MLflowCredentials(environment: environment)?.authorization == authorization)
    }

    @Test func `an address may carry credentials`() throws {
        let uri = try MLflowTrackingURI("http://u:p@host")
        #expect(uri.credentials?.authorization == "Basic dTpw")
    }
}
