"""Who may do what: declared in the profile and enforced, or anybody; on record either way."""

from collections.abc import Iterable

from flows.audit import Intent, note_refusal
from flows.profile import LoadedProfile, Role
from schemas.errors import NotAllowed, UsageError
from schemas.vocabulary import Act


def acting(
    profile: LoadedProfile, name: str, role: Role, act: Act, subject: str, *, reason: str = ""
) -> Intent:
    """What the named operator is about to do, if they hold `role`; a refusal goes on record.

    Names are compared without regard to case; on record is the profile's spelling.

    Raises:
        UsageError: no name was given.
        NotAllowed: operators are declared and this one does not hold the role.
        DeliveryIncomplete: the refusal cannot be written down.
    """
    operators = profile.settings.operators
    actor = _as_declared(name.strip(), operators)
    if not actor:
        raise UsageError("This needs a name.", hint="Say who you are with --by NAME.")
    intent = Intent(act, actor, role, reason)
    if operators and role not in operators.get(actor, ()):
        note_refusal(profile, intent, subject, f"needs the role {role}")
        raise NotAllowed(
            f"This needs the role {role}, which the named operator does not hold.",
            hint="Ask someone who does, or have the profile's [operators] changed.",
        )
    return intent


def _as_declared(name: str, operators: Iterable[str]) -> str:
    spelt = {each.casefold(): each for each in operators}
    return spelt.get(name.casefold(), name)
