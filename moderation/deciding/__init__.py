"""What is decided about a post: by the machine, by its ceiling, by people."""
