"""The engine's parts, one file of tests each."""
