"""When the first rows of what is ready go alone: contract section 5. Pure."""


def goes_first(*, canary_rows: int, ready: int, after_a_clean_canary: bool) -> bool:
    """Whether the next batch is a canary: the first `canary_rows` charges, and no others.

    Never when canaries are off, when all that is ready is no more than a canary, or when the last
    batch was a canary of which every row was accepted.
    """
    return 0 < canary_rows < ready and not after_a_clean_canary
