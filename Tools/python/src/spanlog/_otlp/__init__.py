"""OpenTelemetry's values as the bytes of OTLP's messages."""
