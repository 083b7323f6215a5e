"""A chat server with rooms: see ``__main__.py`` for what it shows and how to run it."""
