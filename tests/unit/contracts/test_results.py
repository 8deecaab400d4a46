"""What is taken for an upload result."""

from schemas.results import parse_results


def test_affinitys_ref_of_what_a_row_created_may_come_along():
    content = b"row_key,outcome,code,message,ref\nk1,accepted,,created as AFC000001,AFC000001\n"

    (row,) = parse_results(content, "results.csv").to_dicts()

    assert ("k1", "accepted", "created as AFC000001") == (
        row["row_key"],
        row["outcome"],
        row["message"],
    )
