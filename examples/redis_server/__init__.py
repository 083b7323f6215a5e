"""A server that speaks Redis's protocol: see ``__main__.py`` for what it shows and how to run it."""
