"""Decisions of other engines, in an environment of their own: prints what it measures as JSON."""

import importlib.metadata
import json
import logging
import tempfile
from typing import Any

from decisions_timing import timed
from decisions_workload import ORGANISATIONS, ROLES, USERS, organisation, questions, role, role_of, thing, user

MODEL = """
[request_definition]
r = sub, dom, obj, act
[policy_definition]
p = sub, dom, obj, act
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.dom == p.dom && r.obj == p.obj && r.act == p.act && g(r.sub, p.sub, r.dom)
"""
_INDEXED_BY = [1, 2]  # organisation and thing


def casbin_fast_enforcer() -> dict[str, Any]:
    import casbin  # noqa: PLC0415 - each is measured if it is there

    logging.disable(logging.WARNING)
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as model:
        model.write(MODEL)
        model.flush()
        enforcer = casbin.FastEnforcer(model.name, cache_key_order=_INDEXED_BY)
    for of in map(organisation, range(ORGANISATIONS)):
        enforcer.add_policies([[role(each), of, thing(each), "read"] for each in range(ROLES)])
        enforcer.add_grouping_policies([[user(who), role(role_of(who)), of] for who in range(USERS)])
    return timed(lambda of, who, what: bool(enforcer.enforce(who, of, what, "read")), questions())


def cedar() -> dict[str, Any]:
    import cedarpy  # noqa: PLC0415

    text = "\n".join(
        f'permit(principal in Role::"{role(each)}", action == Action::"read", resource == Thing::"{thing(each)}");'
        for each in range(ROLES)
    )
    policies = {organisation(of): cedarpy.PolicySet.from_str(text) for of in range(ORGANISATIONS)}
    entities = {
        user(who): cedarpy.Entities.from_json_str(
            json.dumps(
                [
                    {
                        "uid": {"type": "User", "id": user(who)},
                        "attrs": {},
                        "parents": [{"type": "Role", "id": role(role_of(who))}],
                    }
                ]
            )
        )
        for who in range(USERS)
    }
    action = {"type": "Action", "id": "read"}

    def decide(of: str, who: str, what: str) -> bool:
        request = {
            "principal": {"type": "User", "id": who},
            "action": action,
            "resource": {"type": "Thing", "id": what},
            "context": {},
        }
        return bool(cedarpy.is_authorized(request, policies[of], entities[who]).allowed)

    return timed(decide, questions())


PEERS = {"casbin": ("casbin, FastEnforcer", casbin_fast_enforcer), "cedarpy": ("cedarpy, parsed before", cedar)}


def main() -> None:
    measured: list[dict[str, Any]] = []
    for package, (name, measure) in PEERS.items():
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            measured.append({"name": name, "missing": f"{package} is not installed"})
            continue
        measured.append({"name": f"{name} {version}", **measure()})
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
