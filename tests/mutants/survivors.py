"""Mistakes that no test notices, and why that is so: by `Mutation.name`."""

SURVIVORS: dict[str, str] = {
    "tasks/batch/writer.py _Part.count: 0 -> 1": (
        "The places of the quantity. Of a product of decimals polars keeps as many as the factor "
        "with more of them has: the four of the price."
    ),
    "tasks/ready_to_bill/rivals.py cli_conflicts: "
    "check_sortedness=False -> check_sortedness=True": (
        "Both sides are sorted; of a join by groups polars cannot look at it again, and only warns."
    ),
    "tasks/transfer/task.py _once_read_back: "
    "check_move(batch.seq, batch.state, BatchState.CONFIRMED) -> pass": (
        "Every batch that is read back may be confirmed: claimed ones were finished before, and "
        "abandoned ones return above. It guards against a state that is not there yet."
    ),
}
