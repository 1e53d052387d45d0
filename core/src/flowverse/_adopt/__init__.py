"""Adopting flowverse in a project that is there: the calls of its scripts, and the wiring of its host."""
