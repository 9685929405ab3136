"""The admin as a place: who gets in, whose rows they see, how it looks."""
