"""A script of the module's author: nothing imports it, so what it asks for is not what the module asks for."""

import os

dependencies = [{"url": "aiflows/ChatInteractiveFlowModule", "revision": os.getcwd()}]

from flows import flow_verse

flow_verse.sync_dependencies(dependencies)

if __name__ == "__main__":
    from flow_modules.aiflows.ChatInteractiveFlowModule import ChatHumanFlowModule

    print(ChatHumanFlowModule().turn("hello"))
