"""Programs that we are compared with; each is run by the Python of an environment, and imports nothing of ours."""
