"""What a hot module sees as ``cython`` when it runs interpreted and Cython is not installed.

The compiler replaces ``import cython`` by its own; only the names below are used in the sources.
"""

compiled = False
