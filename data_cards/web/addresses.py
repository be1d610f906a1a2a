"""Which addresses of the web may be asked: public ones, by http or https.

    checked(URL("https://upload.wikimedia.org/a.jpg"))        a URL, or NotFetched
    public_address("commons.wikimedia.org")                   "185.15.59.240"

An address in a search result is a stranger's text. A name may lead to this machine, to a printer,
or to a cloud's metadata service, so the name is resolved once, every address behind it must be
public, and the connection goes to the address that was looked at, not to the name again.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Mapping, Sequence

import httpx2

from data_cards.errors import NotFetched

Resolve = Callable[[str], Sequence[str]]
IsAllowed = Callable[[str], bool]
# RFC 6052: addresses of IPv4 inside IPv6, for networks that translate between the two.
NAT64 = ipaddress.ip_network("64:ff9b::/96")


def checked(
    url: str, params: Mapping[str, str] | None = None, near: httpx2.URL | None = None
) -> httpx2.URL:
    """A URL of the web, with parameters; `near`: the address that a relative one is relative to.
    Raises NotFetched for other schemes, for a user name inside, and for no URL at all."""
    try:
        found = near.join(url) if near else httpx2.URL(url)
        found = found.copy_merge_params(dict(params)) if params else found
        httpx2.URL(str(found))  # what was put together may be too long, or not be one
    except (httpx2.InvalidURL, TypeError, ValueError) as error:
        raise NotFetched(f"“{url[:80]}” is not a web address.", url=url) from error
    if found.scheme not in ("http", "https") or not found.host:
        raise NotFetched(f"“{str(found)[:80]}” is not an http or https address.", url=url)
    if (found.port or 0) > 65535:
        raise NotFetched(f"“{url[:80]}” has a port that does not exist.", url=url)
    if found.userinfo:
        raise NotFetched(f"The address of {found.host} contains a user name.", url=url)
    return found


def public_address(host: str, resolve: Resolve, is_allowed: IsAllowed) -> str:
    """An address behind a host name, when all of them are allowed. Raises NotFetched."""
    try:
        addresses = resolve(host)
    except (OSError, UnicodeError) as error:
        raise NotFetched(f"{host} cannot be found.", host=host) from error
    refused = [one for one in addresses if not is_allowed(one)]
    if refused or not addresses:
        raise NotFetched(
            f"{host} is not on the public web ({', '.join(refused) or 'no address'}), so it is "
            "not contacted.",
            host=host,
            addresses=list(addresses),
        )
    # Many networks give out IPv6 addresses that lead nowhere; hardly one lacks IPv4.
    return min(addresses, key=lambda one: ":" in one)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public web. An IPv4 address inside an IPv6 one counts
    as itself."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if found in NAT64:
            inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(str(inside))
    return found.is_global and not found.is_multicast and not found.is_reserved


def addresses_of(host: str) -> list[str]:
    """Every IP address of a host name. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))
