"""The engine and the command, with the real Hub client, against a real server."""
