"""Passwords: stored as scrypt hashes in a JSON file of {"name": "scrypt$..."}; `python -m space
annotator` adds one."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from pathlib import Path

from data_cards.errors import NotAllowed

# OWASP's password storage sheet names N=2^15, r=8, p=3 (32 MB each time) as sound.
SCRYPT = {"n": 2**15, "r": 8, "p": 3}
SCRYPT_MEMORY = 64 * 1024 * 1024
NAME = re.compile(r"[\w.@-]{1,60}")


def hash_password(password: str) -> str:
    """`scrypt$n$r$p$salt$hash` of a password."""
    salt = secrets.token_bytes(16)
    made = _scrypt(password, salt, SCRYPT["n"], SCRYPT["r"], SCRYPT["p"])
    return f"scrypt${SCRYPT['n']}${SCRYPT['r']}${SCRYPT['p']}${salt.hex()}${made.hex()}"


def is_password(password: str, stored: str) -> bool:
    """Whether a password belongs to a stored hash; takes as long either way."""
    kind, n, r, p, salt, wanted = stored.split("$")
    made = _scrypt(password, bytes.fromhex(salt), int(n), int(r), int(p))
    return kind == "scrypt" and hmac.compare_digest(made, bytes.fromhex(wanted))


def read_passwords(path: Path) -> dict[str, str]:
    """Names and hashes from a file. Raises NotAllowed when it is not such a file."""
    try:
        accounts = json.loads(path.read_text("utf-8"))
        fit = all(
            NAME.fullmatch(name) and stored.count("$") == 5 for name, stored in accounts.items()
        )
    except (OSError, ValueError, AttributeError) as error:
        raise NotAllowed(
            f"{path} cannot be read as a list of annotators. `vitrine annotator NAME "
            f"{path}` "
            "writes one."
        ) from error
    if not fit:
        raise NotAllowed(
            f"{path} has an entry that is not a password hash. `vitrine annotator NAME "
            f"{path}` "
            "writes one."
        )
    return dict(accounts)


def made_up_password() -> str:
    """A password that can be typed: about 77 bits."""
    signs = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(signs) for _ in range(4)) for _ in range(4))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=n, r=r, p=p, maxmem=SCRYPT_MEMORY, dklen=32
    )
