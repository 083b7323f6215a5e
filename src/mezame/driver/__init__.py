"""The drivers: what a runtime sleeps in, and who calls the wakers: I/O, timers. Internal."""
