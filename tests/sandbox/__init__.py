"""Tests of the sandbox: the sample reseller's feeds and the Affinity stand-in."""
