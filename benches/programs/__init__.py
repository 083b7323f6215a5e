"""The measured programs, one module per runtime; each runs in a process of its own."""
