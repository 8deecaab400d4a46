"""Names, places and people made up for the sample world. Nothing here belongs to anybody.

Domains end in `.example`, postcodes use areas that Royal Mail does not have, VAT numbers fail their
own check digits.
"""

from random import Random
from typing import Final

# fmt: off
_FIRST_WORDS: Final = (
    "Larkspur", "Pennywhistle", "Fernhollow", "Quillon", "Marrowby", "Thistledown", "Brackenfold",
    "Copperlea", "Duskwater", "Emberline", "Foxmantle", "Gorsehill", "Hazelbeck", "Inkwell",
    "Juniperus", "Kestrelby", "Lantern", "Mossgate", "Nettlecombe", "Oakapple", "Puddlewick",
    "Quartermile", "Ravenscar", "Saltmarsh", "Tumbledown", "Umberfield", "Velvetine",
    "Wickersham", "Yarrowby", "Zephyrine", "Ashenden", "Bellweather", "Cobblestone", "Dovetail",
    "Elderflower", "Flintlock", "Greywether", "Hollybush", "Ivorytower", "Jackdaw", "Knotgrass",
    "Lowmeadow", "Millrace", "Northgale", "Owlsmoor", "Primrose", "Rushlight", "Silverbirch",
    "Teasel", "Underhill", "Vinegrove", "Willowherb", "Yewtree", "Amberley", "Birdsfoot",
    "Chalkpit", "Driftwood",
)
_TRADES: Final = (
    "Joinery", "Dental Care", "Logistics", "Accountancy", "Veterinary Group", "Housing Trust",
    "Brewery", "Opticians", "Property Lettings", "Plumbing & Heating", "Solicitors",
    "Estate Agents", "Engineering", "Academy Trust", "Care Homes", "Garden Centres",
    "Motor Factors", "Insurance Brokers", "Print & Design", "Foods", "Nurseries",
    "Shipping Agents", "Architects", "Catering Supplies", "Fabrications", "Recruitment", "Hotels",
    "Farms", "Pharmacy", "Glass & Glazing", "Roofing", "Electrical Wholesale", "Leisure", "Media",
    "Packaging", "Tool Hire",
)
# fmt: on
_ENDINGS: Final = ("Ltd", "Limited", "Ltd", "LLP", "plc", "Group", "& Sons", "(UK) Ltd", "CIC", "")
_AWKWARD: Final = (  # what breaks naive readers: quotes, commas, accents, a line break
    "O'Malley & Daughters, {trade}",
    'The "Blue Door" {trade}',
    "Café Zoë {trade}",
    "Smörgåsbord {trade}, Ltd",
    "D'Arcy, Pemberton-Snæfell & Partners, {trade}",
    "{word} {trade}\n(Holdings) Ltd",
    "Łukasz & Núñez {trade}",
    "{word}, {word} & {word} {trade}",
    "Llŷn {trade} Cyf",
    "The ‘Old’ Tramshed {trade}",  # noqa: RUF001
)
_AWKWARD_SHARE: Final = 0.06

# fmt: off
_FORENAMES: Final = (
    "Aisha", "Bronwen", "Callum", "Dafydd", "Eilidh", "Farah", "Gareth", "Hamish", "Imogen",
    "Jürgen", "Kwame", "Leoni", "Máire", "Niamh", "Oluwaseun", "Priya", "Quentin", "Rhiannon",
    "Siân", "Tomasz", "Ursula", "Vikram", "Wren", "Xanthe", "Yusuf", "Zoë",
)
_SURNAMES: Final = (
    "Abernathy", "Brightwater", "Cadwallader", "D'Souza", "Easterbrook", "Fitz-Warren",
    "Goldthwaite", "Hallewell", "Ibekwe", "Jessop", "Kowalczyk", "Llewellyn", "MacAskill",
    "Nwosu", "O'Rourke", "Pettigrew", "Quarshie", "Rowbottom", "Sørensen", "Thackeray",
    "Underwood", "Vasquez", "Wojcik", "Yardley", "Zielinski",
)
# fmt: on
ROLES: Final = ("Billing", "Technical", "Primary", "Site")

# fmt: off
_STREETS: Final = (
    "Invention Way", "Cobbler's Yard", "Mill Race", "Old Ropewalk", "Semaphore Street",
    "Exchange Row", "Lamplighter Lane", "The Maltings", "Signal House, Junction Road",
    "Switchboard Court", "Heol y Felin",
)
# fmt: on
_TOWNS: Final = (  # town, county, postcode area; the areas do not exist
    ("Harrowdale", "Westmarch", "AF"),
    ("Eastwick Mere", "Fenshire", "BK"),
    ("Port Selwyn", "Solventon", "DC"),
    ("Much Tarrant", "Fenshire", "EB"),
    ("Kirkmorrow", "Strathallan", "FW"),
    ("Llanfechan Uchaf", "Maesgwyn", "GC"),
    ("Ballyroan Cross", "Lough Sheelin", "HB"),
    ("Castle Brae", "Strathallan", "KC"),
    ("Nether Poppleford", "Westmarch", "NC"),
    ("St Wilfred's", "Solventon", "PC"),
)
_INWARD_LETTERS: Final = "ABDEFGHJLNPQRSTUWXYZ"
SITE_KINDS: Final = ("Depot", "Branch", "Warehouse", "Surgery", "Office", "Shop", "Workshop")


def company_name(rng: Random) -> str:
    """A trading name; about one in sixteen is awkward to put in a CSV cell."""
    trade = rng.choice(_TRADES)
    if rng.random() < _AWKWARD_SHARE:
        return rng.choice(_AWKWARD).format(trade=trade, word=rng.choice(_FIRST_WORDS))
    ending = rng.choice(_ENDINGS)
    return f"{rng.choice(_FIRST_WORDS)} {trade} {ending}".rstrip()


def domain(company: str, number: int) -> str:
    """A web domain that cannot exist, from a company's first letters and its number."""
    letters = "".join(c for c in company.lower() if "a" <= c <= "z")[:14]
    return f"{letters}{number}.example"


def person(rng: Random) -> tuple[str, str]:
    """First and last name."""
    return rng.choice(_FORENAMES), rng.choice(_SURNAMES)


def place(rng: Random) -> tuple[str, str, str, str]:
    """First address line, town, county and postcode."""
    town, county, area = rng.choice(_TOWNS)
    draw = rng.randrange(1_000_000)
    inward = _INWARD_LETTERS[draw % 20] + _INWARD_LETTERS[draw // 20 % 20]
    postcode = f"{area}{draw % 19 + 1} {draw // 400 % 9 + 1}{inward}"
    return f"{draw % 240 + 1} {rng.choice(_STREETS)}", town, county, postcode


def vat_number(rng: Random) -> str:
    """GB and nine digits that satisfy neither of the two check-digit rules."""
    body = rng.randrange(1_000_000, 10_000_000)
    weighted = sum(
        int(digit) * weight for digit, weight in zip(str(body), range(8, 1, -1), strict=True)
    )
    valid_checks = {(-weighted) % 97, (-weighted - 55) % 97}
    check = next(c for c in range(97) if c not in valid_checks)
    return f"GB{body}{check:02d}"


def drama_telephone(rng: Random) -> str:
    """A contact number from Ofcom's drama range without an area, spaced as people write it."""
    return f"01632 960{rng.randrange(1000):03d}"
