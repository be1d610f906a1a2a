"""Addresses of strangers: only the public web is asked."""

import pytest

from data_cards.errors import NotFetched
from data_cards.web.addresses import checked, is_public, public_address

PRIVATE = (
    "127.0.0.1",
    "10.0.0.7",
    "192.168.1.1",
    "172.16.0.1",
    "169.254.169.254",
    "0.0.0.0",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fd00::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "ff02::1",
    "not an address",
    "",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_our_own_network_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["185.15.59.240", "2620:0:862:ed1a::1", "::ffff:8.8.8.8"])
def test_an_address_of_the_web_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/a.jpg",
        "gopher://example.org",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "//example.org/a.jpg",
        "a.jpg",
        "",
        "http://",
        "http://user:word@example.org/a.jpg",
        "http://[::1",
        "http://exa mple.org/\x00",
    ],
)
def test_what_is_no_web_address_is_refused_with_a_sentence(url):
    with pytest.raises(NotFetched) as refused:
        checked(url)
    assert refused.value.sentence.endswith(".")


def test_a_name_is_refused_when_one_of_its_addresses_is_ours():
    with pytest.raises(NotFetched, match="not on the public web"):
        public_address("evil.example", lambda host: ["8.8.8.8", "127.0.0.1"], is_public)


def test_of_a_name_with_both_kinds_of_addresses_the_older_kind_is_asked():
    addresses = ["2620:0:862:ed1a::1", "185.15.59.240"]
    assert public_address("a.example", lambda host: addresses, is_public) == "185.15.59.240"


def test_a_name_without_any_address_is_refused():
    with pytest.raises(NotFetched):
        public_address("empty.example", lambda host: [], is_public)


def test_a_name_that_nobody_knows_is_refused():
    def unknown(host):
        raise OSError("no such host")

    with pytest.raises(NotFetched, match="cannot be found"):
        public_address("nowhere.example", unknown, is_public)
