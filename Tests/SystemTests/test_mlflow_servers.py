"""Exports to a server as a company runs it: PostgreSQL, a password, TLS, and a proxy in between."""

import json
import subprocess
from types import SimpleNamespace

import hostile_values
import mlflow_traces
import pytest
from processes import VOCABULARY, free_port, spanlog
from secure_mlflow import PASSWORD, USER, Authority, PostgreSQL, Proxy, SecureMLflowServer

# Whatever the tests themselves run behind.
NO_PROXIES = dict.fromkeys(
    ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"], ""
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    database = PostgreSQL()
    try:
        server = SecureMLflowServer(tmp_path_factory.mktemp("secure"), database.uri)
        yield server
        server.kill()
    finally:
        database.remove()


@pytest.fixture
def proxy(server, tmp_path):
    proxy = Proxy(tmp_path, server.port)
    yield proxy
    proxy.kill()


@pytest.fixture
def environment(server):
    """What lets somebody in."""
    return {
        **NO_PROXIES,
        "MLFLOW_TRACKING_URI": server.uri,
        "MLFLOW_TRACKING_USERNAME": USER,
        "MLFLOW_TRACKING_PASSWORD": PASSWORD,
        "MLFLOW_TRACKING_SERVER_CERT_PATH": str(server.authority.path),
    }


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """All that can be said, and all that could break something."""
    folder = tmp_path_factory.mktemp("archives")
    command = [VOCABULARY, folder / "stores", "answer"]
    ids = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    subprocess.run([VOCABULARY, folder / "stores", "judge", ids["traceparent"]], check=True)
    spanlog("merge", folder / "stores", "-o", folder / "vocabulary.spanlog")
    # Size is no matter of the database, and takes seconds.
    small = [span for span in hostile_values.SPANS if span["name"] != "large"]
    hostile_values.record(folder / "hostile", small)
    spanlog("merge", folder / "hostile", "-o", folder / "hostile.spanlog")
    return SimpleNamespace(
        vocabulary=folder / "vocabulary.spanlog", hostile=folder / "hostile.spanlog"
    )


def comparable(traces):
    """As text, since NaN is not equal to itself, and without the place of a trace's files."""
    for trace in traces.values():
        del trace["tags"]["mlflow.artifactLocation"]
    return json.dumps(traces, sort_keys=True, indent=1, default=repr)


@pytest.mark.parametrize("name", ["vocabulary", "hostile"])
def test_postgresql_has_what_sqlite_has_through_a_proxy(
    name, server, proxy, environment, archives, mlflow_server, monkeypatch
):
    archive, experiment = getattr(archives, name), f"{name} in two databases"
    spanlog("export", "mlflow", archive, "--tracking-uri", mlflow_server.uri,
            "--experiment", experiment)  # fmt: skip
    expected = comparable(mlflow_traces.read(mlflow_server.uri, experiment))

    environment["HTTPS_PROXY"] = proxy.address
    spanlog("export", "mlflow", archive, "--experiment", experiment, environment=environment)
    assert proxy.end() > 0
    for variable, value in (environment | NO_PROXIES).items():
        monkeypatch.setenv(variable, value)
    assert comparable(mlflow_traces.read(server.uri, experiment)) == expected


@pytest.fixture
def export(environment, archives):
    def run(*options, check=True, **changes):
        return spanlog("export", "mlflow", archives.vocabulary, "--experiment", "attempts",
                       *options, check=check, environment=environment | changes)  # fmt: skip

    return run


def test_the_authority_may_be_named_as_an_option(export, server):
    result = export("--ca-certificates", server.authority.path, MLFLOW_TRACKING_SERVER_CERT_PATH="")
    assert "Exported 3 traces" in result.stdout


def test_a_password_may_be_in_the_address(export, server):
    address = server.uri.replace("//", f"//{USER}:{PASSWORD.replace(' ', '%20')}@")
    result = export("--tracking-uri", address, MLFLOW_TRACKING_USERNAME="",
                    MLFLOW_TRACKING_PASSWORD="")  # fmt: skip
    assert "Exported 3 traces" in result.stdout
    assert PASSWORD.split()[0] not in result.stdout + result.stderr


def test_a_proxy_that_must_not_be_used_is_not_used(export):
    absent = f"http://127.0.0.1:{free_port()}"
    result = export(HTTPS_PROXY=absent, NO_PROXY="example.org,127.0.0.1")
    assert "Exported 3 traces" in result.stdout


def refusal(result):
    """The message of an export that ended at once and exported nothing."""
    assert result.returncode == 1
    assert result.stdout == ""
    return result.stderr


@pytest.mark.parametrize("password", ["not the password at all", ""])
def test_who_has_no_right_password_is_told_which_variables_to_set(export, server, password):
    message = refusal(export(check=False, MLFLOW_TRACKING_PASSWORD=password))
    assert f"The server at {server.uri} does not let this caller in (HTTP 401" in message
    assert "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD" in message


def test_an_authority_that_nobody_named_is_not_trusted(export, server, tmp_path):
    other = Authority(tmp_path / "other.pem")
    for path in ("", str(other.path)):
        message = refusal(export(check=False, MLFLOW_TRACKING_SERVER_CERT_PATH=path))
        assert f"No secure connection to {server.uri}: certificate verify failed." in message
        assert "--ca-certificates or MLFLOW_TRACKING_SERVER_CERT_PATH" in message


def test_a_proxy_that_is_not_there_is_named(export, server):
    absent = f"http://127.0.0.1:{free_port()}"
    message = refusal(export(check=False, HTTPS_PROXY=absent))
    assert server.uri in message and "Connection refused" in message
    assert f"the proxy {absent}" in message and "HTTPS_PROXY" in message


def test_a_proxy_that_does_not_let_through_is_named(export, tmp_path):
    elsewhere = Proxy(tmp_path, free_port())
    try:
        message = refusal(export(check=False, HTTPS_PROXY=elsewhere.address))
    finally:
        elsewhere.kill()
    assert f"the proxy {elsewhere.address}" in message and "HTTPS_PROXY" in message
