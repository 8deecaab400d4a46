"""Another person's approval, from the Prefect UI."""

from pathlib import Path
from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.artifacts import ended, named
from flows.audit import Approvable
from flows.audit_desk import approve
from flows.private import keep_private
from flows.profile import load_profile
from schemas.audit import ApprovalReceipt
from schemas.storable import LARGEST_NUMBER

Number = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]


@flow(name="approve", flow_run_name="approve-{act}-{number}", persist_result=False)
def approval(
    act: Approvable,
    number: Number,
    operator: str = "",
    reason: str = "",
    profile_path: str | None = None,
) -> ApprovalReceipt:
    """Approve what another person is about to do; it is used once, and expires.

    Args:
        act: What they may do.
        number: The batch's number; the item's, for retry, release and discard.
        operator: Your name; where the profile names operators, you must hold the role approve. What
            you do yourself, somebody else approves.
        reason: Why, for the record. Name no customer.
        profile_path: The tenant's profile; `r2b.toml` when left out.
    """
    keep_private()
    profile = load_profile(Path(profile_path) if profile_path else None)
    receipt = approve(profile, act, number, actor=operator, reason=reason.strip())
    words = f"{act} of {receipt.subject} approved until {receipt.expires_at:%Y-%m-%d %H:%M} UTC"
    named(profile, words)
    return ended(receipt, f"{words} (entry {receipt.entry}).")
