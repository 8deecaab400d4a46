"""Counts in people's words. Pure."""


def counted(count: int, what: str, several: str | None = None) -> str:
    """`1 charge`, `1,200 charges`; `several` is the plural, where it takes more than an s."""
    return f"{count:,} {what if count == 1 else several or f'{what}s'}"
