"""The profile: its defaults, what it refuses and in which words, what of it reaches the steps."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flows.judging import judging_terms, rule_columns
from flows.profile import LoadedProfile, Profile, load_profile, tenant_folder
from flows.wiring import (
    batch_terms,
    new_run,
    open_judging,
    reading_terms,
    retry_terms,
    written_layout,
)
from schemas.errors import ProfileWrong
from schemas.feeds import FEEDS
from schemas.layout import Layout
from schemas.own_rules import ExtraRule
from schemas.vocabulary import ChargeType, CliProfile, ItemType, Stage
from tasks.batch.rendering import WrittenLayout
from tasks.ready_to_bill.judgement import judge_here
from tasks.ready_to_bill.terms import Terms
from tasks.retry.policy import RetryTerms

AS_OF = date(2026, 3, 31)
ON_DASK = '[judging]\nscheduler = "tcp://127.0.0.1:8786"\n'


def loaded(folder: Path, text: str) -> LoadedProfile:
    """A profile of this text."""
    path = folder / "r2b.toml"
    path.write_text(text, encoding="utf-8")
    return load_profile(path)


def judging(profile: LoadedProfile) -> Terms:
    """What it says about judging."""
    return judging_terms(profile, AS_OF, other_platforms=(), catalogue_given=False)


def refusal(folder: Path, text: str) -> str:
    """The one line with which a profile is refused."""
    with pytest.raises(ProfileWrong) as refused:
        loaded(folder, text)
    assert 10 == refused.value.exit_code
    return refused.value.message


def test_an_empty_profile_judges_by_the_cores_own_defaults(tmp_path: Path):
    assert Terms(as_of=AS_OF) == judging(loaded(tmp_path, ""))


def test_an_empty_profile_retries_by_the_policys_own_defaults(tmp_path: Path):
    assert RetryTerms() == retry_terms(loaded(tmp_path, ""))


def test_an_empty_profile_writes_by_the_contracts_own_layout(tmp_path: Path):
    profile = loaded(tmp_path, "affinity.layout.clis = {}\n")

    assert {"clis": WrittenLayout()} == batch_terms(profile).layouts
    assert {} == batch_terms(loaded(tmp_path, "")).layouts


def test_no_profile_at_all_has_all_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    assert Profile() == load_profile().settings
    assert tmp_path / "var/published/r2b.duckdb" == load_profile().published


def test_a_profile_that_was_named_must_be_there(tmp_path: Path):
    with pytest.raises(ProfileWrong, match="there is no such file"):
        load_profile(tmp_path / "other.toml")


def test_a_folder_is_no_profile(tmp_path: Path):
    with pytest.raises(ProfileWrong, match="it is a folder"):
        load_profile(tmp_path)


@pytest.mark.parametrize(
    "path", ["var/r2b.duckdb", "var/../var/r2b.duckdb", pytest.param("here.duckdb", id="a link")]
)
def test_the_published_copy_never_takes_the_place_of_the_warehouse(tmp_path: Path, path: str):
    (tmp_path / "here.duckdb").symlink_to("var/r2b.duckdb")
    with pytest.raises(ProfileWrong, match="would be one file"):
        loaded(tmp_path, f'warehouse.path = "{path}"\nwarehouse.publish = "var"\n')


@pytest.mark.parametrize("path", ["", ".", "var"])
def test_a_folder_is_no_warehouse(tmp_path: Path, path: str):
    (tmp_path / "var").mkdir()
    with pytest.raises(ProfileWrong, match=r"warehouse\.path is a folder"):
        loaded(tmp_path, f'warehouse.path = "{path}"\n')


def test_paths_are_relative_to_the_profiles_folder_unless_absolute(tmp_path: Path):
    profile = loaded(
        tmp_path,
        'feeds.path = "in"\ndelivery.outbox = "/srv/out"\ntenant.name = "Acme Ltd"\n'
        'warehouse = {path = "w/x.duckdb", publish = "p"}\n',
    )

    assert (
        tmp_path / "in",
        Path("/srv/out/Acme-Ltd"),
        tmp_path / "w/x.duckdb",
        tmp_path / "p/r2b.duckdb",
    ) == (profile.feeds, profile.outbox, profile.warehouse, profile.published)


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("R2B_TENANT__NAME", "From outside")
    monkeypatch.setenv("R2B_BILL_START__MAX_MONTHS", "2")
    profile = loaded(tmp_path, 'tenant = {name = "From the file", timezone = "Europe/Dublin"}\n')

    assert ("From outside", "Europe/Dublin", 2) == (
        profile.settings.tenant.name,
        profile.settings.tenant.timezone,
        profile.settings.bill_start.max_months,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            '[tenant]\ncurrency = "EUR"\n',
            "tenant.currency: Input should be 'GBP'",
            id="another currency",
        ),
        pytest.param("[tenat]\n", "unknown key tenat; the nearest known is tenant", id="a section"),
        pytest.param(
            "feeds.max_rejet_rate = 0.1",
            "unknown key feeds.max_rejet_rate; the nearest known is max_reject_rate",
            id="a key",
        ),
        pytest.param(
            "[feeds.max_reject_rate]\nordrs = 0.5",
            "feeds.max_reject_rate: no feed is called 'ordrs'; the nearest known is orders",
            id="a feed with a limit of its own",
        ),
        pytest.param(
            '[feeds.labels.order_linse]\n"X" = "cli"',
            "feeds.labels: no feed is called 'order_linse'; the nearest known is order_lines",
            id="a feed with labels",
        ),
        pytest.param(
            '[feeds.labels.order_lines]\n"X" = "clli"',
            "feeds.labels: order_lines has no column 'clli'; the nearest known is cli",
            id="a label of a feed",
        ),
        pytest.param(
            '[feeds.labels]\n"X" = "clli"',
            "feeds.labels: no feed has a column 'clli'; the nearest known is cli",
            id="a label of all feeds",
        ),
        pytest.param(
            '[[validation]]\nfield = "cli"\nscope = {base_categry = "Mobile"}',
            "unknown key validation.0.scope.base_categry; the nearest known is base_category",
            id="what a rule is for",
        ),
        pytest.param(
            '[[validation]]\nfeild = "cli"',
            "unknown key validation.0.feild; the nearest known is field",
            id="a key that is needed",
        ),
        pytest.param(
            "triggers.service.fallbak = 'none'",
            "unknown key triggers.service.fallbak; the nearest known is fallback",
            id="a key two levels down",
        ),
        pytest.param(
            "affinity.layout.clis.headr = false",
            "unknown key affinity.layout.clis.headr; the nearest known is header",
            id="a key of a layout",
        ),
        pytest.param(
            "[[validation]]\nfield = 'cli'\nsevrity = 'block'",
            "unknown key validation.0.sevrity; the nearest known is severity",
            id="a key of a rule",
        ),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known(tmp_path: Path, text: str, message: str):
    assert f"Reading the profile r2b.toml: {message}." == refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        pytest.param("tenant.name = ''", "tenant.name", id="an empty tenant"),
        pytest.param("tenant.timezone = 'Mars/Base'", "Mars/Base", id="an unknown time zone"),
        pytest.param("feeds.kind = 'ftp'", "feeds.kind", id="an unknown source"),
        pytest.param("feeds.mode = 'some'", "feeds.mode", id="an unknown mode"),
        pytest.param("feeds.date_style.assets = 'de'", "feeds.date_style", id="an unknown style"),
        pytest.param(
            "feeds.date_style.asets = 'uk'", "nearest known is assets", id="a style of no feed"
        ),
        pytest.param("feeds.encoding = 'utf-16'", "feeds.encoding", id="an unknown encoding"),
        pytest.param("feeds.max_reject_rate = 1.1", "between 0 and 1", id="a rate above 1"),
        pytest.param("feeds.max_reject_rate = -0.1", "between 0 and 1", id="a rate below 0"),
        pytest.param("triggers.service.all_of = ['paid']", "triggers.service", id="a trigger"),
        pytest.param("bill_start.max_months = -1", "bill_start.max_months", id="negative months"),
        pytest.param("cli.profiles.Voice = 'fr_number'", "cli.profiles", id="a CLI profile"),
        pytest.param(
            "affinity.layout.produts = {}", "nearest known is products", id="a layout of no file"
        ),
        pytest.param("affinity.layout.clis.decimals = 5", "decimals", id="five decimals"),
        pytest.param("affinity.layout.clis.max_rows = 0", "max_rows", id="parts without rows"),
        pytest.param("affinity.layout.clis.encoding = 'utf-7'", "encoding", id="an odd encoding"),
        pytest.param("delivery.max_open_batches = 0", "max_open_batches", id="no open batch"),
        pytest.param("retry.first_wait_seconds = 0", "first_wait_seconds", id="no wait"),
        pytest.param("operators.Ann = ['king']", "operators", id="an unknown role"),
        pytest.param(
            "operators.Ann = ['approve']\noperators.ann = ['bill_export']",
            "Ann and ann are one name",
            id="one name in two spellings",
        ),
        pytest.param("warehouse.memory = 'lots'", "warehouse.memory", id="no amount of memory"),
        pytest.param(
            "[[validation]]\nfield = 'clli'", "nearest known is cli", id="a rule on no field"
        ),
        pytest.param(
            "[[validation]]\nfield = 'cli'\npattern = '('", "regular expression", id="a bad pattern"
        ),
        pytest.param("tenant = 5", "tenant", id="a section that is none"),
        pytest.param("tenant = {", "not valid TOML", id="no TOML"),
        pytest.param(
            "affinity.layout.products.columns = ['Prodct Code']",
            "no column 'Prodct Code'; the nearest known is Product Code",
            id="a column the file does not have",
        ),
        pytest.param(
            "affinity.layout.products.headers.Foo = 'x'", "'Foo'", id="a header of no column"
        ),
        pytest.param(
            "affinity.layout.new_products.max_lengths = {Name = 60, Frequency = 7}",
            "new_products.max_lengths: 'Frequency' is no text; Layer Product ID, Name, "
            "Base Category are",
            id="a longest text of what is no text",
        ),
        pytest.param(
            "affinity.layout.products.max_lengths.Quantity = 4", "Quantity", id="of a number"
        ),
        pytest.param(
            "affinity.layout.clis.max_lengths.'Start Date' = 10", "Start Date", id="of a day"
        ),
        pytest.param(
            "affinity.layout.products = {encoding = 'ascii', trailer = 'Ende – {rows}'}",
            "trailer",
            id="a trailer that the encoding does not hold",
        ),
        pytest.param(
            "affinity.layout.clis.date_format = 'dd.mm.yyyy'",
            "clis.date_format: 'dd.mm.yyyy' does not write day, month and year; "
            "write it like '%d/%m/%Y'.",
            id="a date format of another program",
        ),
        pytest.param(
            "affinity.layout.clis.date_format = '%d/%m/%'", "date_format", id="one that is cut off"
        ),
        pytest.param("affinity.layout.clis.date_format = ''", "date_format", id="one of nothing"),
        pytest.param(
            "affinity.layout.clis.date_format = '%d/%m'", "date_format", id="one without a year"
        ),
        pytest.param(
            "affinity.layout.clis.date_format = '%d/%d/%Y'", "date_format", id="the day twice"
        ),
        pytest.param(
            "affinity.layout.clis.date_format = '%Y-%m-%d %H:%M'",
            "date_format",
            id="the time of a day",
        ),
        pytest.param(
            "affinity.layout.clis = {encoding = 'ascii', date_format = '%d.%m.%Y–'}",
            "clis.date_format",
            id="a date format that the encoding does not hold",
        ),
        pytest.param(
            "affinity.layout.products = {encoding = 'ascii', headers = {CLI = 'Nº'}}",
            "headers",
            id="a header that the encoding does not hold",
        ),
        pytest.param(
            "[[validation]]\nfield = 'cli'\npattern = '(?=x)y'",
            "pattern",
            id="a pattern that the engine does not know",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(tmp_path: Path, text: str, part: str):
    message = refusal(tmp_path, text)

    assert part in message
    assert "\n" not in message.removesuffix("\n")


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("R2B_PLATFORM__NAMES", "Affinity", "the value of R2B_PLATFORM__NAMES cannot be read"),
        ("R2B_VALIDATION", "oops", "the value of R2B_VALIDATION cannot be read"),
        (
            "R2B_FEDS__PATH",
            "in",
            "R2B_FEDS__PATH is of no section of the profile; the nearest known is feeds",
        ),
        ("R2B_FEEDS__PTAH", "in", "unknown key feeds.ptah; the nearest known is path"),
    ],
)
def test_a_variable_that_says_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
):
    monkeypatch.setenv(variable, value)

    assert words in refusal(tmp_path, "")


def test_a_list_in_the_environment_is_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("R2B_PLATFORM__NAMES", '["Affinity", "Aurora"]')
    monkeypatch.setenv("R2B_AUDIT_KEY", "a variable of another kind")

    assert ("Affinity", "Aurora") == loaded(tmp_path, "").settings.platform.names


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("R2B_FEEDS__PTH", "in", "the variable R2B_FEEDS__PTH: unknown key feeds.pth"),
        ("r2b_retry__max_attempts", "1e3", "the variable r2b_retry__max_attempts: retry.max_att"),
        ("R2B_TENANT__CURRENCY", "USD", "the variable R2B_TENANT__CURRENCY: tenant.currency"),
    ],
)
def test_who_said_what_cannot_be_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ProfileWrong, match=words):
        loaded(tmp_path, "")


def test_a_label_names_a_column_as_a_file_may_spell_it(tmp_path: Path):
    feeds = loaded(
        tmp_path,
        "\ufeff[feeds.labels.affinity_cease_requests]\n"
        '"Object Ref" = "OBJECTUID"\n"Completed On" = "Done"\n'
        '[feeds.labels.customers]\n"Acct" = "Customer ID"\n',
    ).settings.feeds

    assert {"Object Ref": "object_uid", "Done": "completed_on"} == feeds.labels_of(
        "affinity_cease_requests"
    )
    assert {"Acct": "customer_id"} == feeds.labels_of("customers")


def test_a_profile_that_is_no_text(tmp_path: Path):
    (tmp_path / "r2b.toml").write_bytes(b"\xff\xfe")

    with pytest.raises(ProfileWrong):
        load_profile(tmp_path / "r2b.toml")


@pytest.mark.parametrize(
    ("name", "folder"),
    [("Acme", "Acme"), ("A b/c", "A-b-c"), ("é", "-"), ("a.b_c-1", "a.b_c-1"), ("...", "---")],
)
def test_the_folder_of_a_tenant(name: str, folder: str):
    assert folder == tenant_folder(name)


@pytest.mark.parametrize(
    "date_format", ["%d/%m/%Y", "%Y-%m-%d", "%Y%m%d", "%d.%m.%y", "%-d %B %Y", "%Y-%m-%dT00:00:00"]
)
def test_a_date_format_that_says_the_day_is_taken(tmp_path: Path, date_format: str):
    profile = loaded(tmp_path, f"affinity.layout.clis.date_format = '{date_format}'\n")

    assert date_format == profile.settings.affinity.layout["clis"].date_format


def test_what_a_profile_says_of_judging(tmp_path: Path):
    profile = loaded(
        tmp_path,
        """
platform = {names = ["Billing"], own_names = []}
triggers.service = {all_of = ["converted"], require_date_reached = false, fallback = "on_convert"}
triggers.product.fallback = "on_convert"
bill_start = {max_months = 2, service = {upfront = ["issued_on"]}}
cli.profiles = {Voice = "any"}
[affinity.layout."08_products.csv"]
encoding = "utf-8-sig"
decimals = 2
max_lengths = {CLI = 9}
columns = ["CLI", "Row Key"]
""",
    )
    said = judging(profile)

    assert (("Billing",), (), 2, {"Voice": CliProfile.ANY}) == (
        said.platform_names,
        said.own_names,
        said.max_months,
        said.cli_profiles,
    )
    assert {
        ItemType.SERVICE: ("converted",),
        ItemType.PRODUCT: ("converted", "issued_on"),
    } == said.triggers
    assert {ItemType.SERVICE: False, ItemType.PRODUCT: True} == said.require_date_reached
    assert {ItemType.SERVICE: True, ItemType.PRODUCT: True} == said.falls_back_on_convert
    assert ("issued_on",) == said.bill_start[ItemType.SERVICE, ChargeType.UPFRONT]
    assert ("connection_on", "connected_on") == (
        said.bill_start[ItemType.SERVICE, ChargeType.RECURRING]
    )
    assert said.layout == Layout(
        encoding="utf-8", decimals=2, max_lengths={"CLI": 9}, columns=("CLI", "Row Key")
    )


def test_rules_that_warn_hold_nothing_and_rules_that_block_do(tmp_path: Path):
    profile = loaded(
        tmp_path,
        """
[[validation]]
name = "po"
stage = "asset"
field = "cli"
scope = {base_category = "Voice", product = ["P1", "P2"]}
required = true
allowed = "0123"

[[validation]]
field = "term_months"
allowed = ["12", "24"]
product = "P9"

[[validation]]
field = "cli"
severity = "warn"
""",
    )

    assert (
        ExtraRule(
            name="po",
            column="rule_asset_cli",
            present="has_asset",
            stage=Stage.ASSET,
            field="cli",
            products=frozenset({"P1", "P2"}),
            base_categories=frozenset({"Voice"}),
            required=True,
            allowed_characters="0123",
        ),
        ExtraRule(
            name="order_term_months",
            column="rule_order_term_months",
            present="has_order",
            stage=Stage.ORDER,
            field="term_months",
            products=frozenset({"P9"}),
            allowed=("12", "24"),
        ),
    ) == judging(profile).rules
    assert ["rule_asset_cli", "rule_order_cli", "rule_order_term_months"] == [
        column.alias for column in rule_columns(profile)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("line_end = 'lf'", {"line_end": "\n"}, id="LF"),
        pytest.param("quoting = 'all'", {"quote_all": True}, id="quotes everywhere"),
        pytest.param("header = false", {"header": False}, id="no header"),
        pytest.param("trailer = 'T'", {"trailer": "T"}, id="a trailer"),
        pytest.param("max_rows = 9", {"max_rows": 9}, id="parts"),
        pytest.param("date_format = '%Y%m%d'", {"date_format": "%Y%m%d"}, id="days"),
        pytest.param("decimals = 2", {"decimals": 2}, id="decimals"),
        pytest.param("encoding = 'cp1252'", {"encoding": "cp1252"}, id="encoding"),
        pytest.param("columns = ['CLI', 'Row Key']", {"columns": ("CLI", "Row Key")}, id="columns"),
        pytest.param("headers = {CLI = 'N'}", {"headers": {"CLI": "N"}}, id="headers"),
    ],
)
def test_a_layout_reaches_the_writer(tmp_path: Path, text: str, expected: dict[str, Any]):
    profile = loaded(tmp_path, f"affinity.layout.clis = {{{text}}}\n")

    assert WrittenLayout(**expected) == written_layout(profile.settings.affinity.layout["clis"])


def test_what_a_profile_says_of_reading(tmp_path: Path):
    profile = loaded(
        tmp_path,
        """
[feeds]
encoding = "Windows-1252"
date_style = {assets = "uk"}
max_reject_rate = {orders = 0.5}
labels = {"Account No" = "integration_id", order_lines = {Qty = "quantity"}, cli = ["Nr", "No"]}
""",
    )
    said = reading_terms(profile)

    assert ("cp1252", {"assets": "uk"}) == (said.encoding, said.date_styles)
    assert (Decimal("0.5"), Decimal("0.20")) == (
        said.reject_rates["orders"],
        said.reject_rates["sites"],
    )
    assert {"Account No": "integration_id"} == said.labels["customers"]
    assert {"Qty": "quantity", "Nr": "cli", "No": "cli"} == said.labels["order_lines"]


def test_what_a_profile_says_of_retries(tmp_path: Path):
    profile = loaded(
        tmp_path,
        "retry = {first_wait_seconds = 1, longest_wait_seconds = 2, max_attempts = 3, "
        "jitter = false, transient_codes = ['slow']}\n",
    )

    assert RetryTerms(
        first_wait=timedelta(seconds=1),
        longest_wait=timedelta(seconds=2),
        max_attempts=3,
        jitter=False,
        transient_codes=frozenset({"SLOW"}),
    ) == retry_terms(profile)


def test_the_digest_changes_with_what_a_profile_means_and_not_with_its_spelling(tmp_path: Path):
    plain = loaded(tmp_path, "").sha256

    assert plain == loaded(tmp_path, "# a note\n[tenant]\nname = 'default'\n").sha256
    assert plain != loaded(tmp_path, "bill_start.max_months = 12\n").sha256


def test_the_digest_is_the_same_wherever_lines_are_judged(tmp_path: Path):
    plain = loaded(tmp_path, "").sha256
    there = loaded(tmp_path, ON_DASK + 'on = "dask"\n').sha256

    assert plain == there


def test_lines_are_judged_here_unless_the_profile_says_otherwise(tmp_path: Path):
    assert judge_here is open_judging(loaded(tmp_path, ""))
    assert judge_here is open_judging(loaded(tmp_path, ON_DASK + 'on = "here"\n'))


@pytest.mark.parametrize(
    "scheduler",
    ["tcp://127.0.0.1:8786", "tls://scheduler.example:8786", "tcp://[2001:db8::1]:8786"],
)
def test_a_scheduler_is_a_host_and_a_port(tmp_path: Path, scheduler: str):
    text = f'[judging]\non = "dask"\nscheduler = "{scheduler}"\n'

    assert scheduler == loaded(tmp_path, text).settings.judging.scheduler


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('on = "dask"', "judging: on dask needs judging.scheduler"),
        ('on = "spark"', "judging.on: Input should be 'here' or 'dask'"),
        ('scheduler = "127.0.0.1:8786"', "must be tcp://host:port or tls://host:port"),
        ('scheduler = "tcp://somebody:secret@host:8786"', "must be tcp://host:port"),
        ('scheduler = "tcp://host:8786/path"', "must be tcp://host:port"),
        ('scheduler = "inproc://host:8786"', "must be tcp://host:port"),
        ("buckets_at_once = 0", "greater than or equal to 1"),
        ("patience_seconds = 0", "greater than 0"),
    ],
)
def test_a_cluster_that_cannot_be_is_refused(tmp_path: Path, text: str, words: str):
    message = refusal(tmp_path, f"[judging]\n{text}\n")

    assert words in message
    assert "secret" not in message


def test_a_run_has_a_name_of_its_own(tmp_path: Path):
    profile = loaded(tmp_path, "tenant.name = 'Acme'\n")
    one, two = new_run(profile, AS_OF), new_run(profile, None)

    assert ("Acme", AS_OF) == (one.tenant, one.as_of)
    assert one.run_id != two.run_id
    assert two.as_of >= AS_OF


# Feeds over HTTP

LAYER = '[feeds]\nkind = "http"\nurl = "https://layer.example/export/{feed}?page={page}"\n'


def test_every_feed_is_asked_for_under_the_url_of_all(tmp_path: Path):
    urls = loaded(tmp_path, LAYER).settings.feeds.http_urls()

    assert set(FEEDS) == set(urls)


def test_a_feed_may_have_a_url_of_its_own(tmp_path: Path):
    text = LAYER + '[feeds.http.urls]\norders = "sales?page={page}"\n'
    urls = loaded(tmp_path, text).settings.feeds.http_urls()

    assert "https://layer.example/export/sales?page={page}" == urls["orders"]


def test_without_the_feed_in_the_url_only_feeds_with_their_own_are_asked_for(tmp_path: Path):
    text = 'feeds.kind = "http"\nfeeds.http.urls.orders = "https://layer.example/orders"\n'

    assert {"orders"} == set(loaded(tmp_path, text).settings.feeds.http_urls())


def test_an_export_over_http_is_utf_8_whatever_the_files_were(tmp_path: Path):
    text = LAYER + 'encoding = "cp1252"\n'

    assert "utf-8" == reading_terms(loaded(tmp_path, text)).encoding


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('feeds.kind = "http"\n', "kind http needs a url"),
        ('feeds.kind = "http"\nfeeds.url = "https://layer.example/x"\n', "needs a url with {feed}"),
        (LAYER.replace("https:", "http:"), "http:// is for this machine only"),
        (LAYER.replace("//", "//ann:word@"), "no user and password"),
        (LAYER.replace("{page}", "{number}"), "no placeholder is called {number}"),
        (LAYER + '[feeds.http.urls]\norder = "x"\n', "the nearest known is orders"),
        (
            LAYER + '[feeds.http.urls]\norders = "https://other.example/x"\n',
            "all URLs must be of one host",
        ),
        (
            LAYER + '[feeds.http.fields.orders]\norder_reff = "$.ref"\n',
            "the nearest known is order_ref",
        ),
        (
            LAYER + '[feeds.http.fields.orders]\norder_ref = "$..ref"\n',
            "does not lead to one value",
        ),
        (LAYER + '[feeds.http]\nitems = ""\n', "must be a JSONPath"),
        (LAYER + '[feeds.http]\ntotal = "total"\n', "is not a JSONPath"),
        (LAYER + "[feeds.http]\nrestarts = 4\n", "less than or equal to 3"),
        (LAYER + '[feeds.http]\npage_sise = "4"\n', "the nearest known is page_size"),
        (LAYER + '[feeds.http]\ntoken_env = "a word"\n', "token_env"),
    ],
)
def test_a_profile_of_an_export_is_refused(tmp_path: Path, text: str, words: str):
    assert words in refusal(tmp_path, text)


def test_the_variable_of_the_token_is_no_key_of_the_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("R2B_LAYER_TOKEN", "a-word")

    assert "a-word" not in loaded(tmp_path, LAYER).settings.model_dump_json()


def test_parquet_files_need_a_place_in_the_store(tmp_path: Path):
    assert "to s3 needs parquet.s3.url" in refusal(tmp_path, '[parquet]\nto = "s3"\n')


def test_where_parquet_files_go_decides_nothing_that_is_billed(tmp_path: Path):
    plain = loaded(tmp_path, "").sha256

    assert plain == loaded(tmp_path, '[parquet]\nto = "folder"\npath = "lake"\n').sha256
