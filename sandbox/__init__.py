"""The world outside the product: a sample reseller, and a stand-in for Affinity.

Built from the public contract alone. It never imports the product, nor does the product import it.
"""
