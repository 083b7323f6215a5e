"""The benchmarks: mezame beside asyncio, uvloop, uvloop with aiofastnet, trio and plain C.

``python -m benches`` from the repository root runs them all; ``python -m benches --help`` lists the
options. Every measurement runs in a fresh process, the runtimes take turns in rounds, and what is
compared is the ratio within a round, so a machine that slows down slows all of them.
"""
