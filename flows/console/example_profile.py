"""The commented profile `r2b init` writes."""

import json
import re

_TEXT = """\
# The profile of one tenant. What is left out, or commented out, has its default.
# `r2b profile check` says what every key means here; docs/reference/profile.md says it at length.

[tenant]
name = {tenant}              # part of every row key: never change it later
# timezone = "Europe/London"

[platform]
# names = ["Affinity", "Aurora Affinity"]   # billing routes that mean Affinity
# own_names = ["The Layer"]                 # billed in The Layer itself

[feeds]
path = {feeds}               # a folder of <feed>.csv or <feed>.parquet
# kind = "http"              # or from a paged export: see docs/how-to/fetch-over-http.md
# url = "https://layer.example/export/{feed}?page={page}&page_size={page_size}"
# encoding = "utf-8"         # or "cp1252"
# max_reject_rate = 0.20     # more unfit records than this stop the run

# [feeds.date_style]         # iso unless you say otherwise; days are never guessed
# order_lines = "uk"

# [feeds.labels.order_lines] # your own column names
# "Telephone" = "cli"

# [cli.profiles]             # how CLIs are read, by base category
# Broadband = "any"
# Licences = "none"

# [[validation]]             # a rule of your own: what breaks it is held as rule:term_needed
# name = "term_needed"
# stage = "order"
# base_category = "Broadband"
# field = "term_months"
# required = true

# [price_book]
# require_complete = true    # no batch while a product routed to Affinity has no code it bills

[delivery]
outbox = "outbox"
mode = "manual"              # a person uploads, then `r2b transfer`

# [schedule]                 # for `r2b serve`: cron, in the tenant's time zone; "" = when asked
# billing_run = "30 2 * * 1-5"

# [watch]                    # what the sync check raises an alert for
# run_by = "09:00"           # a scheduled day's run must have succeeded by then
# max_open_hours = 24        # a batch that waits for longer
# max_held = 5000            # held charges worth more

# [operators]                # once anybody is named here, roles are enforced
# "your name" = ["bill_export"]
"""


def example_profile(tenant: str, feeds: str = "feeds") -> str:
    """The example for a tenant of that name; `feeds` as seen from where the profile is."""
    words = {"{tenant}": tenant, "{feeds}": feeds}
    return re.sub(
        "|".join(words), lambda found: json.dumps(words[found[0]], ensure_ascii=False), _TEXT
    )
