"""
What is asked of every decision engine: 100 organisations of 10 roles and 100 users each, half allowed and half denied.

Imports nothing, so that engines in an environment of their own can use it.
"""

from random import Random

ORGANISATIONS = 100
ROLES = 10
USERS = 100
QUESTIONS = 20_000


def organisation(number: int) -> str:
    return f"o{number}"


def role(number: int) -> str:
    return f"r{number}"


def user(number: int) -> str:
    return f"u{number}"


def role_of(user_number: int) -> int:
    """Each user has one role of its organisation; each role allows to read one type of things."""
    return user_number % ROLES


def thing(role_number: int) -> str:
    return f"thing{role_number}"


def questions(seed: int = 7) -> list[tuple[str, str, str, bool]]:
    """Organisation, user, thing, and whether reading it is allowed."""
    random = Random(seed)
    asked = []
    for number in range(QUESTIONS):
        of, who = random.randrange(ORGANISATIONS), random.randrange(USERS)
        allowed = number % 2 == 0
        what = role_of(who) if allowed else (role_of(who) + 1 + random.randrange(ROLES - 1)) % ROLES
        asked.append((organisation(of), user(who), thing(what), allowed))
    random.shuffle(asked)
    return asked
