"""The independent judge: the contract in plain Python, sharing nothing with the product.

Start at `reckon.reckon`. In the order in which a run passes through them: `settings` (profile),
`contracts` (the sixteen feeds), `reading` (bytes to records), `values` (one cell), `accepting`
(rejects), `rules`, `judged`, `judging` (charges and holds), `writing` (the two files), `outcome`
(the answer), `known` (the ledger between runs). `chaos`, `inventing` and `rendering` make worlds
to judge; `small` makes the one-line world of `test_oracle`.
"""
