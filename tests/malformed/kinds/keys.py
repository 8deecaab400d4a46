"""Keys: what makes two records the same, and what does not."""

from tests.malformed.expectation import Case, accepted, rejects
from tests.malformed.world import Verbatim, World

TWICE = "duplicate_key"


def a_key_twice(world: World) -> None:
    world.add("contacts", contact_id="K7")
    world.add("contacts", contact_id="K7")
    world.add("contacts")


def a_key_three_times(world: World) -> None:
    world.add("contacts", contact_id="K7")
    world.add("contacts")
    world.add("contacts", contact_id="K7", last_name="Other")
    world.add("contacts", contact_id="K7")


def identical_records(world: World) -> None:
    for _ in range(2):
        world.add("affinity_products", product_code="SKU-X", name="Twin", price="1")


def keys_that_trimming_makes_equal(world: World) -> None:
    for key in ("K7", " K7", "K7\t", "\u00a0K7\u00a0", "\u3000K7"):
        world.add("contacts", contact_id=key)


def quoted_and_unquoted_keys(world: World) -> None:
    world.add("contacts", contact_id="K7")
    world.add("contacts", contact_id=Verbatim('"K7"'))


def keys_that_only_look_equal(world: World) -> None:
    keys = (
        *("K7", "k7", "K 7", "K07", "K-7", "K7.", "\uff2b7", "\u212a7", "7", "07", "7.0", "+7"),
        *("Caf\u00e9", "Cafe\u0301", "K7\u200b", "\ufeffK7", "true", "TRUE", "NULL", "null"),
    )
    for key in keys:
        world.add("contacts", contact_id=key)


def long_digit_keys(world: World) -> None:
    for key in ("9007199254740992", "9007199254740993", "1" * 40, "1" * 39 + "2", "1e5", "100000"):
        world.add("contacts", contact_id=key)


def a_duplicate_of_a_rejected_record(world: World) -> None:
    world.add("contacts", contact_id="K7", last_name="")
    world.add("contacts", contact_id="K7")


def a_duplicate_of_an_orphan(world: World) -> None:
    world.add("contacts", contact_id="K7", customer_id="C9")
    world.add("contacts", contact_id="K7")


def a_duplicate_of_a_ragged_record(world: World) -> None:
    world.add_line("contacts", "K2,C1,S1,Okafor")
    world.add("contacts")


def a_duplicate_of_an_unreadable_key(world: World) -> None:
    world.add("contacts", contact_id="K7\x00")
    world.add("contacts", contact_id="K7\x00")
    world.add("contacts", contact_id=b"K7\xff")
    world.add("contacts", contact_id="K7")


def blank_keys(world: World) -> None:
    world.add("contacts", contact_id="")
    world.add("contacts", contact_id=" ")
    world.add("contacts")


def a_composite_key_twice(world: World) -> None:
    world.add("asset_numbers", asset_id="A1", cli="02079461000", start_on="2026-01-01")
    world.add("asset_numbers", asset_id=" A1", cli="02079461000 ", start_on="2026-02-01")


def half_of_a_composite_key(world: World) -> None:
    world.add("application_links", entity_id="S1")
    world.add("application_links", entity_id="S1", application_name="Aurora Affinity")
    world.add("application_links", entity_id="S1", entity_type="18")
    world.add("application_links", entity_id="S2")


def a_triple_key_twice(world: World) -> None:
    world.add("application_links", entity_id="S1", integration_id="AS-2001")
    world.add("application_links", entity_id="S1", integration_id="AS-2002")


def composite_keys_that_only_look_equal_when_joined(world: World) -> None:
    for mark in "|,-_:;/# ":
        world.add(
            "application_links",
            application_name=f"N{mark}1",
            entity_type="9",
            entity_id=f"E{mark}",
        )
        world.add(
            "application_links",
            application_name="N",
            entity_type="1",
            entity_id=f"9{mark}E{mark}",
        )


def a_composite_key_in_another_case(world: World) -> None:
    world.add("application_links", entity_id="S1")
    world.add("application_links", entity_id="s1")
    world.add("application_links", entity_id="S1", application_name="affinity")


def a_half_blank_composite_key(world: World) -> None:
    world.add("asset_numbers", cli="")
    world.add("asset_numbers", cli=" ")


def a_composite_key_twice_under_an_unknown_asset(world: World) -> None:
    world.add("asset_numbers", asset_id="A9", cli="02079461000")
    world.add("asset_numbers", asset_id="A9", cli="02079461000")


def numbers_that_cleaning_makes_equal(world: World) -> None:
    world.add("asset_numbers", cli="02079461000")
    world.add("asset_numbers", cli="020 7946 1000")


def twins_in_feeds_without_a_key(world: World) -> None:
    for _ in range(3):
        world.add("affinity_clis", site_ref="AS-1", cli="02079462000")
        world.add("affinity_cease_requests", OBJECTUID="U1")


def platforms_twice(world: World) -> None:
    world.add("billing_platforms", name="Gamma")
    world.add("billing_platforms", name="gamma")
    world.add("billing_platforms", name="Gamma ")


def the_same_key_in_two_feeds(world: World) -> None:
    world.add("customers", customer_id="X1")
    world.add("sites", site_id="X1")
    world.add("orders", order_id="X1")


CASES = [
    Case(
        "both records of a key are rejected",
        a_key_twice,
        rejects(
            ("contacts", 1, "K7", "contact_id", TWICE, "K7"),
            ("contacts", 2, "K7", "contact_id", TWICE, "K7"),
            contacts=(3, 1, 2),
        ),
    ),
    Case(
        "all three records of a key are rejected wherever they stand",
        a_key_three_times,
        rejects(
            *(("contacts", row, "K7", "contact_id", TWICE, "K7") for row in (1, 3, 4)),
            contacts=(4, 1, 3),
        ),
    ),
    Case(
        "records that are identical in every cell are duplicates all the same",
        identical_records,
        rejects(
            ("affinity_products", 2, "SKU-X", "product_code", TWICE, "SKU-X"),
            ("affinity_products", 3, "SKU-X", "product_code", TWICE, "SKU-X"),
            affinity_products=(3, 1, 2),
        ),
    ),
    Case(
        "keys that trimming makes equal are duplicates, shown as written",
        keys_that_trimming_makes_equal,
        rejects(
            *(
                ("contacts", row, "K7", "contact_id", TWICE, raw)
                for row, raw in enumerate(
                    ("K7", " K7", "K7\t", "\u00a0K7\u00a0", "\u3000K7"), start=1
                )
            ),
            contacts=(5, 0, 5),
        ),
    ),
    Case(
        "a key with quotes around it is the key without",
        quoted_and_unquoted_keys,
        rejects(
            ("contacts", 1, "K7", "contact_id", TWICE, "K7"),
            ("contacts", 2, "K7", "contact_id", TWICE, "K7"),
        ),
    ),
    Case(
        "keys that differ in case, zeros, accents' form or width are different keys",
        keys_that_only_look_equal,
        accepted(contacts=(20, 20, 0)),
    ),
    Case(
        "keys of many digits are compared as text",
        long_digit_keys,
        accepted(contacts=(6, 6, 0)),
    ),
    Case(
        "a duplicate of a rejected record is a duplicate",
        a_duplicate_of_a_rejected_record,
        rejects(
            ("contacts", 1, "K7", "last_name", "missing_value", ""),
            ("contacts", 1, "K7", "contact_id", TWICE, "K7"),
            ("contacts", 2, "K7", "contact_id", TWICE, "K7"),
            contacts=(2, 0, 2),
        ),
    ),
    Case(
        "a duplicate of an orphan is a duplicate",
        a_duplicate_of_an_orphan,
        rejects(
            ("contacts", 1, "K7", "customer_id", "unknown_reference", "C9"),
            ("contacts", 1, "K7", "contact_id", TWICE, "K7"),
            ("contacts", 2, "K7", "contact_id", TWICE, "K7"),
            contacts=(2, 0, 2),
        ),
    ),
    Case(
        "a ragged record's key counts for nothing",
        a_duplicate_of_a_ragged_record,
        rejects(("contacts", 1, "", "", "ragged_row"), contacts=(2, 1, 1)),
    ),
    Case(
        "a key that cannot be read counts for nothing",
        a_duplicate_of_an_unreadable_key,
        rejects(
            ("contacts", 1, None, "contact_id", "bad_text"),
            ("contacts", 2, None, "contact_id", "bad_text"),
            ("contacts", 3, None, "contact_id", "bad_encoding"),
            contacts=(4, 1, 3),
        ),
        assumes="a key with a control character or a bad byte is not readable",
    ),
    Case(
        "blank keys are missing and not duplicates of each other",
        blank_keys,
        rejects(
            ("contacts", 1, "", "contact_id", "missing_value", ""),
            ("contacts", 2, "", "contact_id", "missing_value", " "),
            contacts=(3, 1, 2),
        ),
    ),
    Case(
        "a composite key given twice names its first column",
        a_composite_key_twice,
        rejects(
            ("asset_numbers", 1, None, "asset_id", TWICE, "A1"),
            ("asset_numbers", 2, None, "asset_id", TWICE, " A1"),
            asset_numbers=(2, 0, 2),
        ),
    ),
    Case(
        "a key of three columns given twice names its first column",
        a_triple_key_twice,
        rejects(
            ("application_links", 1, None, "application_name", TWICE, "Affinity"),
            ("application_links", 2, None, "application_name", TWICE, "Affinity"),
        ),
    ),
    Case(
        "records that share part of a composite key are not duplicates",
        half_of_a_composite_key,
        accepted(application_links=(4, 4, 0)),
    ),
    Case(
        "composite keys are compared part by part and not as one joined text",
        composite_keys_that_only_look_equal_when_joined,
        accepted(application_links=(18, 18, 0)),
    ),
    Case(
        "composite keys mind case",
        a_composite_key_in_another_case,
        accepted(application_links=(3, 3, 0)),
    ),
    Case(
        "a half-blank composite key is missing and not a duplicate",
        a_half_blank_composite_key,
        rejects(
            ("asset_numbers", 1, None, "cli", "missing_value", ""),
            ("asset_numbers", 2, None, "cli", "missing_value", " "),
            asset_numbers=(2, 0, 2),
        ),
        assumes="a composite key is readable only when each of its parts is",
    ),
    Case(
        "a duplicate key and an unknown reference may meet in one column",
        a_composite_key_twice_under_an_unknown_asset,
        rejects(
            *(
                ("asset_numbers", row, None, "asset_id", reason, "A9")
                for row in (1, 2)
                for reason in (TWICE, "unknown_reference")
            ),
            asset_numbers=(2, 0, 2),
        ),
        assumes="duplicate_key belongs to the record and does not count as the cell's one reason",
    ),
    Case(
        "additional numbers that cleaning makes equal are different keys",
        numbers_that_cleaning_makes_equal,
        accepted(asset_numbers=(2, 2, 0)),
    ),
    Case(
        "feeds without a key may repeat a record",
        twins_in_feeds_without_a_key,
        accepted(affinity_clis=(3, 3, 0), affinity_cease_requests=(3, 3, 0)),
    ),
    Case(
        "a platform's name is a key like any other: trimmed, and minding case",
        platforms_twice,
        rejects(
            ("billing_platforms", 1, "Gamma", "name", TWICE, "Gamma"),
            ("billing_platforms", 3, "Gamma", "name", TWICE, "Gamma "),
            billing_platforms=(3, 1, 2),
        ),
    ),
    Case(
        "two feeds may use the same key",
        the_same_key_in_two_feeds,
        accepted(customers=(3, 3, 0), sites=(2, 2, 0), orders=(2, 2, 0)),
    ),
]
