"""No notation of a private address gets through, neither when a target is set nor when a connection is made."""

import pytest

from tenantable.services.webhooks.errors import TargetRefused
from tenantable.services.webhooks.targets import check_target_url, is_allowed_address

PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:4700:4700::1111", "192.0.1.1", "172.32.0.1", "100.128.0.1"]
PRIVATE = ["127.0.0.1", "127.255.255.254", "10.1.2.3", "172.16.0.1", "192.168.1.1", "::1", "fd00::1"]
NEVER = [
    "0.0.0.0",  # noqa: S104 - an address to refuse, not to bind
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700:4700::1111%eth0",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "100::1",
    "fec0::1",
    "not an address",
    "",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_allowed_address(address, allow_private=False)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_need_the_development_switch(address: str) -> None:
    assert not is_allowed_address(address, allow_private=False)
    assert is_allowed_address(address, allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_special_addresses_are_never_allowed(address: str) -> None:
    assert not is_allowed_address(address, allow_private=False)
    assert not is_allowed_address(address, allow_private=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com:8443/hooks?a=b%20c&d=[x]",
        "https://xn--bcher-kva.example/",
        "https://hooks_1.example.com/~a/b;c=d",
        "https://93.184.216.34/hook",
        "https://[2606:4700:4700::1111]/hook",
        "HTTPS://EXAMPLE.COM/",
    ],
)
def test_public_targets_are_taken(url: str) -> None:
    check_target_url(url, allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://0/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[fe80::1%25eth0]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[::ffff:8.8.8.8]/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://localhost/",
        "https://LOCALHOST/",
        "https://a.localhost/",
        "https://db.internal/",
        "https://printer.local/",
        "https://intranet/",
        "https://example.com./",
        "https://127。0。0。1/",
        "https://\uff11\uff12\uff17.0.0.1/",
    ],
)
def test_private_targets_are_refused(url: str) -> None:
    with pytest.raises(TargetRefused):
        check_target_url(url, allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com/#fragment",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:port/",
        "https://exa mple.com/",
        "https://example.com/a b",
        "https://example.com/\r\nx: y",
        "https://example.com\\@127.0.0.1/",
        "https://exämple.com/",
        "https://example..com/",
        "https://-example.com/",
        "https://%31%32%37.0.0.1/",
        "https://[example.com]/",
        "https://[::1/",
        "https://" + "a" * 64 + ".com/",
        "https://example.com/" + "a" * 2048,
    ],
)
@pytest.mark.parametrize("allow_private", [False, True])
def test_malformed_targets_are_refused(url: str, allow_private: bool) -> None:
    with pytest.raises(TargetRefused):
        check_target_url(url, allow_private=allow_private)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9999/hook", "http://localhost:9999/", "http://[::1]/", "https://receiver/"]
)
def test_the_development_switch_opens_the_own_machine(url: str) -> None:
    check_target_url(url, allow_private=True)


@pytest.mark.parametrize("url", ["http://example.com/", "http://93.184.216.34/"])
def test_plain_http_needs_the_development_switch(url: str) -> None:
    with pytest.raises(TargetRefused, match="https"):
        check_target_url(url, allow_private=False)


def test_the_development_switch_does_not_open_cloud_metadata() -> None:
    with pytest.raises(TargetRefused, match="public address"):
        check_target_url("http://169.254.169.254/", allow_private=True)
