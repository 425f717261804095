"""Root causes: a ledger that closes, a search for segments, chance, and what a segment points at."""
