"""The secret that two organisations share to compare signatures: ``--signature-key``.

In: a file with the secret. Out: the key that hashes are made with, and its check value,
which says whether two profiles were made with one key and nothing more.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from audit.errors import ConfigError

__all__ = ["LEAST_BYTES", "key_check", "part_of_key", "read_key"]

LEAST_BYTES = 16
_KEY_BYTES = 32
_MAKE_ONE = "Make one with: head -c 32 /dev/urandom > FILE, and keep it secret."


def read_key(path: str) -> bytes:
    """Return the key that a file holds: BLAKE2b over all its bytes.

    Raises:
        ConfigError: the file is not there, or too short to be a secret.
    """
    try:
        secret = Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(
            "The file of --signature-key can be read",
            value=error.strerror,
            where=path,
            next_step=_MAKE_ONE,
        ) from error
    if len(secret) < LEAST_BYTES:
        raise ConfigError(
            f"A signature key has at least {LEAST_BYTES} bytes",
            value=len(secret),
            where=path,
            next_step=_MAKE_ONE,
        )
    return hashlib.blake2b(
        secret, digest_size=_KEY_BYTES, person=b"signature key"
    ).digest()


def part_of_key(key: bytes, use: str) -> bytes:
    """Return the sixteen bytes of a key that serve one use."""
    return hashlib.blake2b(key=key, digest_size=16, person=use.encode()).digest()


def key_check(key: bytes) -> str:
    """Return 16 hex digits that equal keys share, "" for no key."""
    if not key:
        return ""
    return hashlib.blake2b(key=key, digest_size=8, person=b"check").hexdigest()
