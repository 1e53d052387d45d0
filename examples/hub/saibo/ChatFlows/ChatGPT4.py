dependencies = [
    {"url": "martinjosifoski/ChatAtomicFlow", "revision": "2155d94be393f667cf4303f64aab3be746f8e19b"}
]
from flows import flow_verse
flow_verse.sync_dependencies(dependencies)

from flow_modules.martinjosifoski.ChatAtomicFlow import ChatAtomicFlow


class ChatGPT4(ChatAtomicFlow):
    config_file = "ChatGPT4.yaml"

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
