"""One record type per feed: what a row holds, as text, before it is written.

Field names are the contract's. Every value is text as a person or a system would export it; an
empty string is a null. No rule of billing lives here.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Customer:
    """Feed `customers`, one per customer."""

    customer_id: str
    name: str
    registered_name: str = ""
    status: str = "Live"
    integration_id: str = ""
    vat_number: str = ""
    email: str = ""
    telephone: str = ""
    bill_run: str = ""
    payment_terms: str = ""
    payment_method: str = ""
    account_manager: str = ""  # not in the contract: a column readers must ignore
    modified_at: str = ""


@dataclass(slots=True)
class Site:
    """Feed `sites`, one per site; `integration_id` is Affinity's site ref."""

    site_id: str
    customer_id: str
    parent_site_id: str = ""
    name: str = ""
    site_ref: str = ""
    is_default: str = ""
    integration_id: str = ""
    modified_at: str = ""


@dataclass(slots=True)
class Address:
    """Feed `addresses`, one per address of a site."""

    address_id: str
    customer_id: str
    site_id: str = ""
    address_type: str = ""
    line1: str = ""
    line2: str = ""
    line3: str = ""
    town: str = ""
    county: str = ""
    postcode: str = ""
    country: str = ""
    modified_at: str = ""


@dataclass(slots=True)
class Contact:
    """Feed `contacts`, one per person."""

    contact_id: str
    customer_id: str
    site_id: str = ""
    first_name: str = ""
    last_name: str = ""
    role: str = ""
    email: str = ""
    telephone: str = ""
    modified_at: str = ""


@dataclass(slots=True)
class BillingPlatform:
    """Feed `billing_platforms`, one per platform The Layer knows."""

    name: str


@dataclass(slots=True)
class Product:
    """Feed `products`, one per item of the price book; prices in pounds ex VAT."""

    product_id: str
    name: str
    base_category: str
    item_type: str
    external_sku: str = ""
    external_sku_recurring: str = ""
    upfront_billing_route: str = ""
    recurring_billing_route: str = ""
    upfront_price: str = ""
    recurring_price: str = ""
    billing_frequency: str = ""
    needs_cli: str = ""
    fixed_billing: str = ""
    is_custom: str = ""
    modified_at: str = ""


@dataclass(slots=True)
class Order:
    """Feed `orders`, one per sales order."""

    order_id: str
    order_ref: str
    customer_id: str
    site_id: str = ""
    status: str = ""
    po_ref: str = ""
    created_on: str = ""
    modified_at: str = ""


@dataclass(slots=True)
class OrderLine:
    """Feed `order_lines`, one per line; prices are unit prices in pounds ex VAT."""

    line_id: str
    order_id: str
    product_id: str
    site_id: str = ""
    asset_id: str = ""
    converted_on: str = ""
    action: str = ""
    target_asset_id: str = ""
    quantity: str = "1"
    upfront_price: str = ""
    recurring_price: str = ""
    billing_frequency: str = ""
    upfront_billing_route: str = ""
    recurring_billing_route: str = ""
    upfront_bill_status: str = ""
    recurring_bill_status: str = ""
    bill_start_override: str = ""
    upfront_do_not_bill: str = ""
    recurring_do_not_bill: str = ""
    do_not_bill_reason: str = ""
    cli: str = ""
    connected_on: str = ""
    issued_on: str = ""
    term_months: str = ""
    parent_line_id: str = ""
    modified_at: str = ""


@dataclass(slots=True)
class Asset:
    """Feed `assets`, one per thing the customer has."""

    asset_id: str
    line_id: str
    customer_id: str
    site_id: str
    product_id: str
    cli: str = ""
    is_live: str = "true"
    connection_on: str = ""
    expiry_on: str = ""
    cease_on: str = ""
    cease_reason: str = ""
    quantity: str = ""
    recurring_price: str = ""
    upfront_billing_route: str = ""
    recurring_billing_route: str = ""
    do_not_bill: str = ""
    parent_asset_id: str = ""
    object_uid: str = ""
    is_auto_renew: str = ""
    modified_at: str = ""


@dataclass(slots=True)
class AssetNumber:
    """Feed `asset_numbers`, one per additional number or range of an asset."""

    asset_id: str
    cli: str
    range_end: str = ""
    start_on: str = ""
    end_on: str = ""


@dataclass(slots=True)
class QuotationLine:
    """Feed `quotation_lines`, one per line of a signed quotation."""

    quotation_line_id: str
    quotation_ref: str
    customer_id: str
    line_id: str
    product_id: str
    cli: str = ""
    modified_at: str = ""


@dataclass(slots=True)
class ApplicationLink:
    """Feed `application_links`, one per record tied to another application (type 19 = site)."""

    application_name: str
    entity_type: str
    entity_id: str
    integration_id: str


@dataclass(slots=True)
class AffinityProduct:
    """Feed `affinity_products`, one per code of the platform's catalogue."""

    product_code: str
    name: str
    is_active: str
    price: str


@dataclass(slots=True)
class AffinityCli:
    """Feed `affinity_clis`, one per CLI at a site of the platform."""

    site_ref: str
    cli: str
    start_on: str
    end_on: str = ""


@dataclass(slots=True)
class AffinitySiteProduct:
    """Feed `affinity_site_products`, one per charge that the platform bills."""

    object_uid: str
    site_ref: str
    cli: str
    product_code: str
    charge_type: str
    quantity: str
    unit_price: str
    start_on: str
    end_on: str = ""
    row_key: str = ""


@dataclass(slots=True)
class CeaseRequest:
    """Feed `affinity_cease_requests`, one per notice that a service was ceased."""

    object_uid: str
    completed_on: str
