"""The certificate of the TLS servers: made for a run, for localhost, signed by itself."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path


def make(folder: Path) -> Path:
    """A file with a key and its certificate in ``folder``, made by the ``openssl`` command if it is not there yet."""
    both = folder / "localhost.pem"
    if both.exists():
        return both
    if shutil.which("openssl") is None:
        raise RuntimeError("no openssl command: there is no certificate to serve TLS with")
    folder.mkdir(parents=True, exist_ok=True)
    key, certificate = folder / "localhost.key", folder / "localhost.crt"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-days", "7", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    done = subprocess.run([*command, *names, *files], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl made no certificate: {done.stderr.strip()[-500:]}")
    both.write_text(key.read_text() + certificate.read_text())
    return both


def server_context(certificate: str) -> ssl.SSLContext:
    """What every TLS server is given: TLS 1.3, so that all rows use the same cipher."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate)
    return context


def client_context(certificate: str) -> ssl.SSLContext:
    """The load generator's: it trusts this certificate only."""
    context = ssl.create_default_context(cafile=certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context
