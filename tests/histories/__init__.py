"""Whole lives of charges, drawn at random, beside a model in plain dicts.

`world` is The Layer's side: lines that change from step to step. `model` says what Affinity must
bill for each of them. `machine` is the hypothesis state machine that lets both happen to the
product.
"""
