"""The echo bench: a load generator and a plain server in C, and a server on every runtime."""
