"""What a label must pass before it trains, and a model before it serves."""
