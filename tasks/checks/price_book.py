"""How The Layer's price book and Affinity's catalogue hang together: codes and prices.

Pure polars. Source: domain notes section 4, row 6.
"""

from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from schemas.tables import MONEY, VALUE
from schemas.vocabulary import ChargeType, SkuLink

QUANTITY = pl.Decimal(38, 0)

PRODUCTS = pl.Schema(
    {
        "product_id": pl.String(),
        "product_name": pl.String(),
        "is_custom": pl.Boolean(),
        "upfront_sku": pl.String(),
        "recurring_sku": pl.String(),
        "upfront_route": pl.String(),
        "recurring_route": pl.String(),
        "upfront_price": MONEY,
        "recurring_price": MONEY,
        "upfront_charges": pl.Int64(),
        "recurring_charges": pl.Int64(),
        "upfront_quantity": QUANTITY,
        "recurring_quantity": QUANTITY,
    }
)
"""One row per accepted product.

`*_charges` counts its charges on Affinity's route that are, or can be, billed; `*_quantity` sums
those in billing, exported or ready.
"""

CATALOGUE = pl.Schema(
    {
        "sku": pl.String(),
        "catalogue_name": pl.String(),
        "is_active": pl.Boolean(),
        "affinity_price": MONEY,
    }
)
"""One row per code of Affinity's catalogue."""

PRICE_BOOK = pl.Schema(
    {
        "product_id": pl.String(),
        "product_name": pl.String(),
        "charge_type": pl.String(),
        "sku": pl.String(),
        "routed_by": pl.String(),
        "link": pl.String(),
        "same_sku": pl.Int64(),
        "layer_price": MONEY,
        "affinity_price": MONEY,
        "drift": MONEY,
        "quantity": QUANTITY,
        "drift_value": VALUE,
        "closes_gate": pl.Boolean(),
    }
)
"""One row per product and charge type routed to Affinity, and one per code nobody uses.

Of an unused code only `product_name` (the catalogue's), `sku`, `link`, `affinity_price` and
`closes_gate` are set. `drift` is The Layer's price less Affinity's, null where they cannot be
compared.
"""

_INCOMPLETE = (SkuLink.UNLINKED, SkuLink.UNKNOWN, SkuLink.INACTIVE)


@dataclass(frozen=True)
class PriceBookTerms:
    """What the profile says of the price book; the gate is open unless it says otherwise."""

    platform_names: tuple[str, ...] = ("Affinity", "Aurora Affinity")
    catalogue_given: bool = False
    require_complete: bool = False
    max_price_drift: Decimal | None = None


def price_book(
    products: pl.DataFrame, catalogue: pl.DataFrame, terms: PriceBookTerms
) -> pl.DataFrame:
    """Look at every product routed to Affinity, by itself or by a line of it, kind by kind.

    Args:
        products: PRODUCTS.
        catalogue: CATALOGUE; not looked at unless it was given.
        terms: what the profile says.

    Returns:
        PRICE_BOOK, in no order.
    """
    known = catalogue if terms.catalogue_given else catalogue.clear()
    codes = _codes(products)
    book = (
        pl.concat([_of_kind(products, kind, terms) for kind in ChargeType])
        .join(known, on="sku", how="left")
        .join(codes.group_by("sku").len("users"), on="sku", how="left")
        .with_columns(
            _link(terms).alias("link"),
            (pl.col("users").cast(pl.Int64) - 1).alias("same_sku"),
            _difference().alias("drift"),
        )
        .with_columns(_nearer().alias("drift"))
        .with_columns(
            (pl.col("drift").cast(VALUE) * pl.col("quantity")).alias("drift_value"),
            _closes_gate(terms).alias("closes_gate"),
        )
    )
    return pl.concat([_shaped(book), _shaped(_unused(known, codes))])


def _of_kind(products: pl.DataFrame, kind: ChargeType, terms: PriceBookTerms) -> pl.DataFrame:
    """The products one of whose charges of this kind may be billed in Affinity."""
    names = [name.strip().lower() for name in terms.platform_names]
    route = pl.col(f"{kind}_route").str.strip_chars().str.to_lowercase()
    routed_by = (
        pl.when(route.is_in(names))
        .then(pl.lit("product"))
        .when(pl.col(f"{kind}_charges") > 0)
        .then(pl.lit("line"))
    )
    return products.select(
        "product_id",
        "product_name",
        "is_custom",
        pl.lit(kind.value).alias("charge_type"),
        pl.col(f"{kind}_sku").alias("sku"),
        pl.col(f"{kind}_price").alias("layer_price"),
        pl.col(f"{kind}_quantity").alias("quantity"),
        routed_by.alias("routed_by"),
    ).filter(pl.col("routed_by").is_not_null())


def _codes(products: pl.DataFrame) -> pl.DataFrame:
    """Which product uses which code, each pair once, wherever it is routed."""
    return (
        pl.concat(
            products.select("product_id", pl.col(f"{kind}_sku").alias("sku")) for kind in ChargeType
        )
        .drop_nulls("sku")
        .unique()
    )


def _link(terms: PriceBookTerms) -> pl.Expr:
    no_code = pl.col("sku").is_null()
    links = [
        (no_code & pl.col("is_custom").fill_null(value=False), SkuLink.PENDING),
        (no_code, SkuLink.UNLINKED),
        (pl.lit(value=not terms.catalogue_given), SkuLink.UNCHECKED),
        (pl.col("is_active").is_null(), SkuLink.UNKNOWN),
        (~pl.col("is_active"), SkuLink.INACTIVE),
    ]
    link = pl.lit(SkuLink.LINKED.value)
    for condition, name in reversed(links):
        link = pl.when(condition).then(pl.lit(name.value)).otherwise(link)
    return link


def _difference() -> pl.Expr:
    """The Layer's price less Affinity's; where The Layer has none, or 0, there is no charge."""
    layer, affinity = pl.col("layer_price"), pl.col("affinity_price")
    return pl.when(layer != 0).then(layer - affinity)


def _nearer() -> pl.Expr:
    """Of a code for both kinds of a product, the catalogue's one price is that of the nearer."""
    apart = pl.col("drift").abs()
    return pl.when(apart == apart.min().over("product_id", "sku")).then(pl.col("drift"))


def _closes_gate(terms: PriceBookTerms) -> pl.Expr:
    closes = pl.lit(value=False)
    if terms.require_complete:
        closes = closes | pl.col("link").is_in([link.value for link in _INCOMPLETE])
    if terms.max_price_drift is not None:
        limit = pl.lit(terms.max_price_drift, dtype=MONEY)
        closes = closes | (pl.col("drift").abs() > limit).fill_null(value=False)
    return closes


def _unused(catalogue: pl.DataFrame, codes: pl.DataFrame) -> pl.DataFrame:
    return catalogue.join(codes, on="sku", how="anti").select(
        "sku",
        "affinity_price",
        pl.col("catalogue_name").alias("product_name"),
        pl.lit(SkuLink.UNUSED.value).alias("link"),
        pl.lit(value=False).alias("closes_gate"),
    )


def _shaped(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in PRICE_BOOK.items()
    )
