"""What the Hub's own client sees of the servers that the other tests use."""
