"""What is shown of one case."""
