"""The work of the JSON server: real Python per request, the same for every runtime."""

from __future__ import annotations

import json

SIZE = 1024  # bytes of a request, and of an answer


def request(size: int = SIZE) -> bytes:
    """A JSON object of a shop's kind, padded with spaces to ``size``."""
    items = [{"id": number, "name": f"item {number}", "price": 9.5 + number, "count": 1} for number in range(12)]
    text = json.dumps({"order": 1, "customer": "someone", "items": items, "total": 0.0})
    assert len(text) + 32 < size, "room for the total and the number to grow"
    return text.ljust(size).encode()


def answer(data: bytes) -> bytes:
    """Parses, changes, serialises."""
    order = json.loads(data)
    order["order"] += 1
    for item in order["items"]:
        item["count"] += 1
    order["total"] = sum(item["price"] * item["count"] for item in order["items"])
    return json.dumps(order).ljust(len(data)).encode()
