"""Ways in which people hide what they write, each read back by one file."""
