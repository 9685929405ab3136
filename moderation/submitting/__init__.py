"""A post comes in: stored once, under its weight, and answered."""
