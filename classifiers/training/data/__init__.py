"""Labelled posts: read from files, divided, altered, and turned into rows to learn from."""
