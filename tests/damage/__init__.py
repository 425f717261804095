"""Damage as it occurs in real life: files broken at random, and defects seeded into clean data."""
