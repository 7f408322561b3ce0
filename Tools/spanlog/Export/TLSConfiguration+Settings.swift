import ArgumentParser
import NIOSSL

extension TLSConfiguration {
    /// What TLS is to trust and to show, by the settings of a transport.
    ///
    /// - Throws: `ValidationError` if a file holds no certificate, or no key.
    init(_ settings: HTTPTransport.Settings) throws {
        self = .makeClientConfiguration()
        if settings.trustsAnyCertificate { certificateVerification = .none }
        if let path = settings.trustedCertificates {
            trustRoots = .certificates(try Self.certificates(path))
        }
        if let path = settings.ownCertificate {
            certificateChain = try Self.certificates(path).map { .certificate($0) }
            do {
                privateKey = .privateKey(try NIOSSLPrivateKey(file: path, format: .pem))
            } catch {
                throw ValidationError(
                    "\(path) holds no key: MLFLOW_TRACKING_CLIENT_CERT_PATH names a PEM file with "
                        + "a certificate and its key.")
            }
        }
    }

    private static func certificates(_ path: String) throws -> [NIOSSLCertificate] {
        let certificates = (try? NIOSSLCertificate.fromPEMFile(path)) ?? []
        guard !certificates.isEmpty else {
            throw ValidationError("\(path) holds no certificate: name a PEM file with one.")
        }
        return certificates
    }
}
