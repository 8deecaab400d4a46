"""Who may do what: declared in the profile and enforced, or anybody and recorded."""

from flows.profile import LoadedProfile, Role
from schemas.errors import NotAllowed, UsageError


def acting(profile: LoadedProfile, name: str, role: Role) -> str:
    """The operator's name, if they may act as `role`.

    Raises:
        UsageError: no name was given.
        NotAllowed: operators are declared and this one does not hold the role.
    """
    actor = name.strip()
    if not actor:
        raise UsageError("This needs a name.", hint="Say who you are with --by NAME.")
    operators = profile.settings.operators
    if operators and role not in operators.get(actor, ()):
        raise NotAllowed(
            f"This needs the role {role}, which the named operator does not hold.",
            hint="Ask someone who does, or have the profile's [operators] changed.",
        )
    return actor
