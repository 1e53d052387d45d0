from flows import flow_verse

flow_verse.sync_dependencies([{"url": "aiflows/ChatFlowModule", "revision": "main"}])

from flow_modules.aiflows.ChatFlowModule import ChatAtomicFlow


class ChatHumanFlowModule:
    """A person and a chat flow in turns."""

    def __init__(self):
        self.flow = ChatAtomicFlow()

    def turn(self, message):
        return self.flow.say(message)
