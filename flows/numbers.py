"""The number of a batch or an item, as people give it: looked at before anything is done."""

from schemas.errors import no_such_batch, no_such_item
from schemas.storable import is_number


def batch_number(number: int) -> int:
    """The number, if a batch could have it.

    Raises:
        IllegalTransition: none could.
    """
    if not is_number(number):
        raise no_such_batch(number)
    return number


def item_number(number: int) -> int:
    """The number, if an item could have it.

    Raises:
        IllegalTransition: no item could.
    """
    if not is_number(number):
        raise no_such_item(number)
    return number
