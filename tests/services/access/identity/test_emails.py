"""One form of each e-mail address and domain: one person is never two, and two are never one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.services.access.identity.emails import domain_name, normalised_email


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Ann.B@Bücher.example ", "ann.b@xn--bcher-kva.example"),
        ("jose\u0301@x.com", "jos\u00e9@x.com"),
        ("JOS\u00c9@X.COM", "jos\u00e9@x.com"),
        ("u@b\u00fccher\u3002de", "u@xn--bcher-kva.de"),
        ("u@XN--BCHER-KVA.de", "u@xn--bcher-kva.de"),
        ("u@straße.de", "u@xn--strae-oqa.de"),
        ("maße@x.com", "maße@x.com"),
        ("o'neil+a#b@x.com", "o'neil+a#b@x.com"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_addresses_are_compared_in_one_form(written: str, kept: str) -> None:
    assert normalised_email(written) == kept
    assert normalised_email(kept) == kept


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "@x.com",
        "a@",
        "a@b@c",
        "x@evil.org@strasse.de",
        "a b@x.com",
        "a@x..com",
        "a@-x.com",
        "a@x-.com",
        "a@x.com.",
        "a@x_y.com",
        "a\0@x.com",
        "a@x\0.com",
        "a\x1b@x.com",
        "a\u202e@x.com",
        "a\u200b@x.com",
        "a\ud800@x.com",
        ".a@x.com",
        "a..b@x.com",
        '"a b"@x.com',
        "a@1.2.3.4",
        "a@[1.2.3.4]",
        "a@xn--a",
        "a" * 65 + "@x.com",
        "a@" + "x" * 64 + ".com",
        "a@" + "x." * 200 + "com",
        "",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no e-mail address|no domain"):
        normalised_email(text)


@given(st.text(max_size=20), st.sampled_from(["x.com", "BÜCHER.de", "straße.de"]))
def test_a_kept_address_is_its_own_form(mailbox: str, domain: str) -> None:
    try:
        kept = normalised_email(f"{mailbox}@{domain}")
    except ValueError:
        return
    assert normalised_email(kept) == kept
    assert kept.count("@") == 1


@pytest.mark.parametrize("text", ["com", "a..b", "-a.com", "a b.com", "1.2.3.4", "", "x@y.com", "a\0.com"])
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no name of a domain"):
        domain_name(text)


def test_the_dot_of_the_root_is_no_other_domain() -> None:
    assert domain_name("Example.COM.") == "example.com"
