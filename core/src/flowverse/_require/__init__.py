"""Requirements as people change and question them: their lines in `pyproject.toml`, what is newer, and who asks."""
