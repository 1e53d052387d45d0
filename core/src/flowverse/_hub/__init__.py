"""The Hub: requests that end, what its answers mean, and what it knows of modules."""
