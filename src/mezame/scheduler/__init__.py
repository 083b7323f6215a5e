"""The schedulers: which thread drives the loop. Internal; the loop itself is ``core/executor.py``."""
