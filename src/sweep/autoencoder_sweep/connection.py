"""Addresses and certificates of a Dask scheduler that others started."""

import re
import ssl
from pathlib import Path
from typing import NamedTuple

from distributed.security import Security

from . import SweepError

_ADDRESS = re.compile(r"(?:(tcp|tls)://)?((?:\[[0-9a-fA-F:.%]+\]|[\w.-]+):(\d{1,5}))")


class Connection(NamedTuple):
    """Address of a scheduler and the certificates to reach it with."""

    address: str
    security: Security | None


def connection(
    address: str, ca: Path | None = None, cert: Path | None = None, key: Path | None = None
) -> Connection:
    """The connection to `--scheduler ADDRESS`, with TLS files given or from Dask's configuration.

    Throws SweepError for an address of another form, and for files missing or unreadable.
    """
    match = _ADDRESS.fullmatch(address)
    if not match or not 0 < int(match[3]) < 65536:
        raise SweepError(
            "--scheduler must be an address such as tcp://HOST:8786 or tls://HOST:8786, "
            f"got {address!r}"
        )
    scheme = match[1] or "tcp"
    files = {"--tls-ca": ca, "--tls-cert": cert, "--tls-key": key}
    if scheme == "tcp":
        for name, path in files.items():
            if path:
                raise SweepError(
                    f"{name} must go with a scheduler at tls://, got {address!r}; "
                    f"write tls://{match[2]}"
                )
        return Connection(f"tcp://{match[2]}", None)
    return Connection(f"tls://{match[2]}", _security(files))


def _security(files: dict[str, Path | None]) -> Security:
    """TLS files of the command line, each over the one of Dask's configuration."""
    for name, path in files.items():
        if path and not path.is_file():
            raise SweepError(f"{name} must be a file in PEM format, got {path}")
    fields = ("tls_ca_file", "tls_client_cert", "tls_client_key")
    given = {field: str(path) for field, path in zip(fields, files.values(), strict=True) if path}
    security = Security(require_encryption=True, **given)
    for field, name in zip(fields[:2], files, strict=False):
        if not getattr(security, field):
            raise SweepError(
                f"a scheduler at tls:// must have {name} FILE.pem, got none; give it, or set "
                "distributed.comm.tls in ~/.config/dask/distributed.yaml"
            )
    try:
        security.get_connection_args("client")
    except (OSError, ValueError, ssl.SSLError) as error:
        raise SweepError(
            "--tls-ca, --tls-cert and --tls-key must be a certificate authority, a certificate "
            f"and its key in PEM format, got files that do not load ({error})"
        ) from None
    return security
