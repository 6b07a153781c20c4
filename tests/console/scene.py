"""An organisation as it may look after some weeks, made over the API: for pictures, and for checks of every page."""

from dataclasses import dataclass

from tests.services.access.acting import made
from tests.services.access.conftest import World

ORGANISATION = "meridian"
PLACE = f"/v1/organisations/{ORGANISATION}"
DAY = 86_400.0
PEOPLE = {
    "bob": ("Bob Okafor", ["clerk"]),
    "carla": ("Carla Reyes", ["accountant"]),
    "dana": ("Dana Lindqvist", ["accountant", "auditor"]),
    "erik": ("Erik Sato", ["clerk"]),
    "fay": ("Fay Moreau", ["member"]),
    "gus": ("Gus Ferreira", ["member"]),
    "hana": ("Hana Kowalska", ["clerk", "member"]),
    "ivan": ("Ivan Petrov", []),
}


@dataclass(frozen=True)
class PageOfScene:
    """A page by the name of its picture; its path is below the console's."""

    name: str
    path: str


_ONE = f"/organisations/{ORGANISATION}"
_WHY = "permission=billing%3Ainvoice%3Aapprove&properties=region%20%3D%20eu"
PAGES = [
    PageOfScene("organisations", "/organisations"),
    PageOfScene("accept", "/invitations/accept"),
    PageOfScene("overview", _ONE),
    PageOfScene("members", f"{_ONE}/members"),
    PageOfScene("member", f"{_ONE}/members/dana"),
    PageOfScene("roles", f"{_ONE}/roles"),
    PageOfScene("role", f"{_ONE}/roles/clerk"),
    PageOfScene("permission-sets", f"{_ONE}/permission-sets"),
    PageOfScene("team-roles", f"{_ONE}/team-roles"),
    PageOfScene("keys", f"{_ONE}/keys"),
    PageOfScene("teams", f"{_ONE}/teams"),
    PageOfScene("team", f"{_ONE}/teams/billing-eu"),
    PageOfScene("invitations", f"{_ONE}/invitations"),
    PageOfScene("audit", f"{_ONE}/audit"),
    PageOfScene("explanation", f"{_ONE}/explanation?user=dana&{_WHY}"),
    PageOfScene("refusal", f"{_ONE}/explanation?user=ivan&{_WHY}"),
    PageOfScene("condition", f"{_ONE}/explanation?user=carla&{_WHY}".replace("20eu", "20us")),
]


def furnish(world: World) -> None:
    """Three organisations, of which one is full of life."""
    world.found("globex", owner="zoe")
    world.found("initech", owner="tom", seat_limit=5)
    platform = world.as_platform()
    owner = {"userId": "ann", "email": "ann@example.com"}
    new = {"organisationId": ORGANISATION, "name": "Meridian Supplies", "owner": owner, "seatLimit": 25}
    made(platform.post("/v1/organisations", json=new | {"allowedDomains": ["example.com", "meridian.example"]}))
    _define(world)
    for number, (user_id, (name, roles)) in enumerate(PEOPLE.items()):
        world.clock.now += DAY + 3_721 * number
        member = {"userId": user_id, "email": f"{user_id}@example.com", "name": name}
        made(platform.post(f"{PLACE}/members", json=member))
        for role in roles:
            made(world.as_user("ann").put(f"{PLACE}/users/{user_id}/roles/{role}", json={}))
    _go_on(world)


def _define(world: World) -> None:
    ann, in_europe = (
        world.as_user("ann"),
        {"of": "resource", "name": "region", "comparison": "in", "value": ["eu", "uk"]},
    )
    sets = {
        "invoices": ("Invoices", [{"key": "billing:invoice:read"}, {"key": "billing:invoice:create"}]),
        "approvals": ("Approvals", [{"key": "billing:invoice:*", "when": [in_europe]}]),
        "no-refunds": ("No refunds", [{"key": "billing:refund:create", "effect": "deny"}]),
    }
    for set_id, (name, entries) in sets.items():
        body = {"permissionSetId": set_id, "name": name, "entries": entries}
        made(ann.post(f"{PLACE}/permission-sets", json=body))
    clerk = {"roleId": "clerk", "name": "Clerk", "permissionSetIds": ["invoices", "no-refunds"]}
    approver = {"roleId": "approver", "name": "Approver", "permissionSetIds": ["approvals"]}
    accountant = {"roleId": "accountant", "name": "Accountant", "parentRoleIds": ["approver"]}
    for role in (clerk, approver, accountant | {"permissionSetIds": ["invoices"]}):
        made(ann.post(f"{PLACE}/roles", json=role))
    lead = {"teamRoleId": "lead", "name": "Lead", "permissionSetIds": ["approvals"], "reach": "organisation"}
    hand = {"teamRoleId": "hand", "name": "Hand", "permissionSetIds": ["invoices"]}
    for team_role in (lead, hand):
        made(ann.post(f"{PLACE}/team-roles", json=team_role))
    for team_id, name in (("billing-eu", "Billing Europe"), ("billing-us", "Billing Americas"), ("depot", "Depot")):
        division = {"divisionId": "finance"} if "billing" in team_id else {}
        made(ann.post(f"{PLACE}/teams", json={"teamId": team_id, "name": name, **division}))


def _go_on(world: World) -> None:
    ann = world.as_user("ann")
    for user_id, role in (("dana", "lead"), ("bob", "hand"), ("erik", "hand")):
        world.clock.now += 613
        body = {"userId": user_id, "teamRoleId": role}
        made(ann.post(f"{PLACE}/teams/billing-eu/members", json=body))
    made(ann.post(f"{PLACE}/teams/depot/members", json={"userId": "gus", "teamRoleId": "hand"}))
    made(ann.patch(f"{PLACE}/members/fay", json={"active": False}))
    made(ann.put(f"{PLACE}/users/gus/roles/clerk", json={"notAfter": "2027-02-28T17:00:00Z"}))
    for number, name in enumerate(("jo", "kim", "lea")):
        world.clock.now += 1_801
        days = 3 + 4 * number
        invitation = {"email": f"{name}@example.com", "roleId": "clerk", "expiresInDays": days}
        made(ann.post(f"{PLACE}/invitations", json=invitation))
    made(ann.post(f"{PLACE}/invitations", json={"roleId": "member", "usesMax": 5, "expiresInDays": 14}))
    made(ann.delete(f"{PLACE}/users/hana/roles/member"))
    for name, sets in (("billing-worker", ["invoices"]), ("reports", ["member"])):
        made(ann.post(f"{PLACE}/service-keys", json={"name": name, "permissionSetIds": sets}))
    world.clock.now += 421
