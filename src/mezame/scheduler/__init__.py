"""The schedulers: which thread drives the loop. Internal; the loop itself is ``core/loop.py``."""
