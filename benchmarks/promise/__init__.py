"""Is the promise kept? Simulated sites over real posts; see `__main__`."""
