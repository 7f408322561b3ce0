"""An MLflow server as a company runs it: PostgreSQL behind it, a password and TLS in front, and a
proxy between it and those who use it."""

import datetime
import glob
import ipaddress
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from processes import MLflowServer, Process, free_port

USER, PASSWORD = "admin", "correct horse battery"


class PostgreSQL(Process):
    """Debian's PostgreSQL with its data in a folder of its own, reached by a socket in there."""

    def __init__(self):
        # PostgreSQL refuses to run as root, and its user may not enter the tests' own folders.
        self.folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
        user = "postgres" if os.geteuid() == 0 else None
        if user:
            shutil.chown(self.folder, user)
        subprocess.run(
            [program("initdb"), "--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C",
             "--username=mlflow", self.folder / "data"],
            check=True, capture_output=True, user=user, cwd=self.folder,
        )  # fmt: skip
        settings = {"listen_addresses": "", "unix_socket_directories": self.folder, "fsync": "off"}
        options = [f"--{name}={value}" for name, value in settings.items()]
        command = [program("postgres"), "-D", self.folder / "data", *options]
        super().__init__(command, "ready to accept connections", user=user)
        self.uri = f"postgresql+psycopg2://mlflow@/postgres?host={self.folder}"

    def remove(self):
        self.kill()
        shutil.rmtree(self.folder)


def program(name):
    """A program of PostgreSQL, which Debian keeps out of the search path."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return found[-1] if found else shutil.which(name) or name


class SecureMLflowServer(MLflowServer):
    """MLflow with TLS and basic authentication on loopback."""

    def __init__(self, folder, backend):
        self.authority = Authority(folder / "authority.pem")
        certificate, key = self.authority.issue(folder)
        settings = folder / "authentication.ini"
        settings.write_text(
            f"[mlflow]\ndefault_permission = NO_PERMISSIONS\n"
            f"database_uri = sqlite:///{folder}/users.db\n"
            f"admin_username = {USER}\nadmin_password = {PASSWORD}\n"
            "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
        )
        super().__init__(
            folder, "--app-name", "basic-auth",
            "--uvicorn-opts", f"--ssl-certfile {certificate} --ssl-keyfile {key}",
            backend=backend,
            environment={"MLFLOW_AUTH_CONFIG_PATH": str(settings),
                         "MLFLOW_FLASK_SERVER_SECRET_KEY": "of these tests"},
        )  # fmt: skip
        self.uri = self.uri.replace("http:", "https:")


class Authority:
    """Issues certificates that are trusted by who trusts the file `path`."""

    def __init__(self, path):
        self.path = path
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = common_name(f"{path.stem} of the tests")
        certificate = builder(self._name, self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        path.write_bytes(pem(certificate.sign(self._key, hashes.SHA256())))

    def issue(self, folder):
        """The files of a certificate for loopback and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
        certificate = (
            builder(common_name("localhost"), self._name, key)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        (folder / "server.pem").write_bytes(pem(certificate))
        (folder / "server.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return folder / "server.pem", folder / "server.key"


def common_name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def builder(subject, issuer, key):
    today = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=2))
    )


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


class Proxy(Process):
    """Debian's tinyproxy, which only tunnels, and only to one port of loopback."""

    def __init__(self, folder, target_port):
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        configuration = folder / "tinyproxy.conf"
        configuration.write_text(
            f"Listen 127.0.0.1\nPort {self.port}\nAllow 127.0.0.1\nConnectPort {target_port}\n"
            "LogLevel Info\n"
        )
        super().__init__(["tinyproxy", "-d", "-c", configuration], "Accepting connections")

    def end(self):
        """Stops the proxy; returns how many tunnels it was asked for."""
        self.stop()
        return self.output.count(": CONNECT ")
