"""The command line: ``python -m mezame info | demo | completion``."""
