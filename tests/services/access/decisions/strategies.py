"""Keys, patterns, tests and rules drawn from a universe that is small enough to look at every request in it."""

import itertools

from hypothesis import strategies as st

from tenantable.services.access.decisions.rules import Facts, Origin, Rule
from tenantable.services.access.declaration import PropertyTest

SEGMENTS = ("a", "b")
KEYS = [":".join(parts) for length in (1, 2, 3) for parts in itertools.product(SEGMENTS, repeat=length)]
PATTERNS = ["*", *KEYS, *(f"{key}:*" for key in KEYS if key.count(":") < 2)]
COMPARISONS = (("equals", 1), ("not-equals", 1), ("in", [1, "x"]), ("not-in", [1, "x"]), ("equals", True))
TESTS = [
    PropertyTest.model_validate({"of": of, "name": "p", "comparison": comparison, "value": value})
    for of in ("subject", "resource")
    for comparison, value in COMPARISONS
]
EVERY_FACTS = [
    Facts(subject=subject, resource=resource)
    for subject in ({}, {"p": 1}, {"p": "x"}, {"p": True})
    for resource in ({}, {"p": 1}, {"p": "x"})
]

origins = st.just(Origin(kind="organisation-role", role_id="r", permission_set_id="s"))
rules = st.builds(
    Rule,
    pattern=st.sampled_from(PATTERNS),
    effect=st.sampled_from(["allow", "allow", "deny"]),
    tests=st.lists(st.sampled_from(TESTS), max_size=2).map(tuple),
    origin=origins,
)
rule_lists = st.lists(rules, max_size=6)
