"""What the seed's trivial_sync_demo.py does, with the modules declared in pyproject.toml."""

from flow_modules.aiflows.ChatInteractiveFlowModule import ChatHumanFlowModule
from flow_modules.saibo.ChatFlows import ChatGPT4

if __name__ == "__main__":
    print(ChatGPT4().prompt("What is a flow module?"))
    print(ChatHumanFlowModule().turn("Hello, flow modules"))
