/// The attributes that MLflow gives a meaning.
enum MLflowAttribute {
    static let spanType = "mlflow.spanType"
    static let inputs = "mlflow.spanInputs"
    static let outputs = "mlflow.spanOutputs"
    static let traceTagPrefix = "mlflow.traceTag."
    static let traceName = "mlflow.traceTag.mlflow.traceName"
    static let sessionID = "session.id"
    static let userID = "user.id"
}
