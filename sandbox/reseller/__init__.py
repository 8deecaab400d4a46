"""A believable UK telecoms reseller: the feeds that The Layer and Affinity would hand over.

Knows the public contract only. It must never import the product, nor be imported by it.
"""

from sandbox.reseller.feeds import MadeFeeds, make_feeds

__all__ = ["MadeFeeds", "make_feeds"]
