"""A TCP and TLS reverse proxy: see ``__main__.py`` for what it shows and how to run it."""
