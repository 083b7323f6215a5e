"""How much the property tests try: ``MEZAME_EXAMPLES`` of it, a fraction, where another run has tried all of it."""

import os

FRACTION = float(os.environ.get("MEZAME_EXAMPLES", "1"))


def examples(number: int) -> int:
    """``max_examples`` of a test that has ``number`` of them."""
    return max(5, round(number * FRACTION))
