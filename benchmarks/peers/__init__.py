"""What others have made, to compare with; none of it is needed by the service."""
