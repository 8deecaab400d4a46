"""The text in a CLI slot: what it becomes, or why it cannot be used. Contract section 3."""

import polars as pl
import pytest

from schemas.cli_text import cli_profile, cli_type, read_any, read_cli, read_uk_number
from schemas.vocabulary import CliProfile, CliType

MALFORMED, DAMAGED = "malformed", "damaged"


def uk(text: str | None) -> str | None:
    """The number, or what is wrong with it."""
    return _read(text, "uk_number")


def _read(text: str | None, profile: str) -> str | None:
    reading = read_cli(pl.col("text"), pl.col("profile"))
    row = pl.DataFrame(
        {"text": [text], "profile": [profile]}, schema={"text": pl.String, "profile": pl.String}
    ).select(cleaned=reading.cleaned, malformed=reading.is_malformed, damaged=reading.is_damaged)
    cleaned, malformed, damaged = row.row(0)
    said = [cleaned, MALFORMED if malformed else None, DAMAGED if damaged else None]
    found = [each for each in said if each is not None]
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("01204600001", "01204600001", id="as it is"),
        pytest.param("01204 600001", "01204600001", id="spaces go"),
        pytest.param("01204\u00a0600001", "01204600001", id="no-break spaces go"),
        pytest.param("(01204) 600-001", "01204600001", id="brackets and hyphens go"),
        pytest.param("[01204] 600.001", "01204600001", id="square brackets and dots go"),
        pytest.param("+44 1204 600001", "01204600001", id="+44 becomes 0"),
        pytest.param("+44 (0)1204 600001", "01204600001", id="+44 (0) becomes 0"),
        pytest.param("0044 1204 600001", "01204600001", id="0044 becomes 0"),
        pytest.param("0044 01204 600001", "01204600001", id="0044 0 becomes 0"),
        pytest.param("441204600001", "01204600001", id="44 before ten digits becomes 0"),
        pytest.param("0169772345", "0169772345", id="ten digits from 0 are enough"),
        pytest.param("02079460000", "02079460000", id="02"),
        pytest.param("03069990000", "03069990000", id="03"),
        pytest.param("05511111111", "05511111111", id="055"),
        pytest.param("05611111111", "05611111111", id="056"),
        pytest.param("07700900123", "07700900123", id="07"),
        pytest.param("0800111111", "0800111111", id="08"),
        pytest.param("09098790000", "09098790000", id="09"),
    ],
)
def test_a_number_that_can_be_read(text: str, number: str):
    assert number == uk(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("4.4E+11", id="exponent"),
        pytest.param("4.41204600001e11", id="small exponent"),
        pytest.param("-4E+11", id="exponent with a sign"),
        pytest.param("4.E-1", id="exponent without decimals"),
        pytest.param("1204600001", id="ten digits whose zero was lost"),
        pytest.param("1204 600 001", id="the same, spaced"),
    ],
)
def test_a_number_that_a_spreadsheet_damaged(text: str):
    assert DAMAGED == uk(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("01204 60000X", id="a letter"),
        pytest.param("01204 60000é", id="a letter with an accent"),
        pytest.param("01204 600001 ext 2", id="words"),
        pytest.param("E+11", id="an exponent of nothing"),
        pytest.param("1.2.3E+11", id="an exponent of no number"),
        pytest.param("01204/600001", id="a slash"),
        pytest.param("01204,600001", id="a comma"),
        pytest.param("01204\u2013600001", id="a dash that is no hyphen"),
        pytest.param("٠١٢٠٤٦٠٠٠٠١", id="digits of another script"),
        pytest.param("012046000012", id="twelve digits"),
        pytest.param("012046000", id="nine digits"),
        pytest.param("04204600001", id="04"),
        pytest.param("05104600001", id="051"),
        pytest.param("05712345678", id="057"),
        pytest.param("06204600001", id="06"),
        pytest.param("00204600001", id="00"),
        pytest.param("44120460000", id="44 before nine digits"),
        pytest.param("4412046000011", id="44 before eleven digits"),
        pytest.param("+4401204600001 2", id="too long after +44"),
        pytest.param("+1 212 555 0100", id="a number of another country"),
        pytest.param("+", id="a plus"),
        pytest.param("-", id="a hyphen"),
        pytest.param("++441204600001", id="two pluses"),
        pytest.param("0", id="a zero"),
    ],
)
def test_a_number_that_cannot_be_read(text: str):
    assert MALFORMED == uk(text)


def test_eleven_digits_not_from_zero_are_malformed_not_damaged():
    assert MALFORMED == uk("12046000011")


@pytest.mark.parametrize("profile", [*CliProfile, None])
def test_no_text_is_no_number_and_nothing_wrong(profile: str | None):
    assert _read(None, profile) is None


@pytest.mark.parametrize("text", ["01204 600001", "junk", "4.4E+11"])
def test_the_profile_none_reads_nothing(text: str):
    assert _read(text, "none") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("BBEU00000001", "BBEU00000001", id="a circuit"),
        pytest.param("a b", "a b", id="a space inside"),
        pytest.param("4.4E+11", "4.4E+11", id="an exponent is text"),
        pytest.param("+44 1204", "+44 1204", id="kept as it is"),
        pytest.param("日本", "日本", id="any script"),
        pytest.param("x" * 40, "x" * 40, id="forty characters"),
        pytest.param("日" * 40, "日" * 40, id="forty characters of three bytes"),
        pytest.param("x" * 41, MALFORMED, id="forty-one characters"),
        pytest.param("a\tb", MALFORMED, id="a tab"),
        pytest.param("a\nb", MALFORMED, id="a line break"),
        pytest.param("a\u00a0b", MALFORMED, id="a no-break space"),
        pytest.param("a\u200bb", MALFORMED, id="a zero-width space"),
        pytest.param("a\u2028b", MALFORMED, id="a line separator"),
        pytest.param("a\ue000b", MALFORMED, id="a private character"),
        pytest.param("a\u0378b", MALFORMED, id="an unassigned character"),
    ],
)
def test_any_reference(text: str, expected: str):
    assert expected == _read(text, "any")


@pytest.mark.parametrize(
    ("category", "needs_cli", "named", "expected"),
    [
        pytest.param("Voice", True, {}, "uk_number", id="a product that needs one: a UK number"),
        pytest.param("Voice", False, {}, "any", id="one that needs none: any"),
        pytest.param("Voice", None, {}, "any", id="one that does not say: any"),
        pytest.param(None, True, {"Voice": CliProfile.NONE}, "uk_number", id="no category"),
        pytest.param("Voice", True, {"Voice": CliProfile.NONE}, "none", id="the category's own"),
        pytest.param("voice ", True, {" VOICE": CliProfile.ANY}, "any", id="trimmed, any case"),
        pytest.param("Voices", True, {"Voice": CliProfile.ANY}, "uk_number", id="another category"),
    ],
)
def test_the_profile_of_a_product(
    category: str | None, needs_cli: bool | None, named: dict[str, CliProfile], expected: str
):
    row = pl.DataFrame(
        {"category": [category], "needs": [needs_cli]},
        schema={"category": pl.String, "needs": pl.Boolean},
    )

    assert expected == row.select(cli_profile(pl.col("category"), pl.col("needs"), named)).item()


@pytest.mark.parametrize(
    ("number", "profile", "kind"),
    [
        pytest.param("01204600001", "uk_number", CliType.GEOGRAPHIC, id="01"),
        pytest.param("02079460000", "uk_number", CliType.GEOGRAPHIC, id="02"),
        pytest.param("03069990000", "uk_number", CliType.NON_GEOGRAPHIC, id="03"),
        pytest.param("05511111111", "uk_number", CliType.NON_GEOGRAPHIC, id="055"),
        pytest.param("05611111111", "uk_number", CliType.NON_GEOGRAPHIC, id="056"),
        pytest.param("07011111111", "uk_number", CliType.OTHER, id="070"),
        pytest.param("07611111111", "uk_number", CliType.OTHER, id="076"),
        pytest.param("07111111111", "uk_number", CliType.MOBILE, id="071"),
        pytest.param("07700900123", "uk_number", CliType.MOBILE, id="077"),
        pytest.param("08001111111", "uk_number", CliType.NON_GEOGRAPHIC, id="08"),
        pytest.param("09098790000", "uk_number", CliType.NON_GEOGRAPHIC, id="09"),
        pytest.param("01204600001", "any", CliType.OTHER, id="what looks like a number but is any"),
    ],
)
def test_the_type_affinity_is_told(number: str, profile: str, kind: CliType):
    row = pl.DataFrame({"number": [number], "profile": [profile]})

    assert kind == row.select(cli_type(pl.col("number"), pl.col("profile"))).item()


def test_a_column_is_read_row_by_row():
    texts = pl.DataFrame({"text": ["01204 600001", None, "junk", "1204600001"]})
    reading = read_uk_number(pl.col("text"))
    read = texts.select(cleaned=reading.cleaned, bad=reading.is_malformed, hurt=reading.is_damaged)

    assert [
        ("01204600001", False, False),
        (None, None, None),
        (None, True, False),
        (None, False, True),
    ] == read.rows()


def test_any_is_never_damaged():
    reading = read_any(pl.col("text"))

    assert [False, None] == (
        pl.DataFrame({"text": ["4.4E+11", None]}).select(reading.is_damaged).to_series().to_list()
    )
