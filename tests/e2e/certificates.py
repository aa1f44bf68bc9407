"""Certificates for a test, made by the openssl program: an authority and what it signs."""

import subprocess
import tempfile
from pathlib import Path

CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def _openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """An authority in a folder of its own, gone when it is closed."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="troupe-e2e-tls-")
        self.folder = Path(self._folder.name)
        self.file = self.folder / "ca.pem"
        self._key = self.folder / "ca.key"
        _openssl("req", "-x509", *CURVE, "-keyout", self._key, "-out", self.file, "-days", 2,
                 "-subj", "/CN=test authority", "-addext", "keyUsage=critical,keyCertSign")

    def sign(self, name, addresses="DNS:localhost,IP:127.0.0.1"):
        """Signs a certificate; returns the paths of it and of its key."""
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        request, rules = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        rules.write_text(f"subjectAltName={addresses}\n", encoding="ascii")
        _openssl("req", *CURVE, "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        _openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self._key,
                 "-CAcreateserial", "-out", certificate, "-days", 1, "-extfile", rules)
        return certificate, key

    def close(self):
        """Removes the folder."""
        self._folder.cleanup()
