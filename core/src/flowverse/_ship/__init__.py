"""What leaves the project: what archives hold, and what they say of it."""
