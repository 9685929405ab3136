"""What processes tell and count together by way of the broker."""
