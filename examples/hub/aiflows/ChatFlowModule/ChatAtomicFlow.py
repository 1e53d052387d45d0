class ChatAtomicFlow:
    """A chat flow that keeps what was said before."""

    def __init__(self):
        self.said = []

    def say(self, message):
        self.said.append(message)
        return f"{len(self.said)}: {message}"
