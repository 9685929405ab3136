"""What is known of a post, and what the models in use make of it."""
