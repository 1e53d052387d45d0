import os
import sys


class ChatAtomicFlow:
    """The base of flows that ask one chat model one question."""

    config_file = "ChatAtomicFlow.yaml"

    def __init__(self, **kwargs):
        self.config = {**self._default_config(), **kwargs}

    @classmethod
    def _default_config(cls):
        """Read `key: "value"` lines from the YAML files of this class and its bases, nearest last."""
        config = {}
        for kind in reversed(cls.__mro__[:-1]):
            folder = os.path.dirname(os.path.abspath(sys.modules[kind.__module__].__file__))
            with open(os.path.join(folder, kind.config_file), encoding="utf-8") as file:
                for line in file:
                    key, _, value = line.partition(":")
                    config[key.strip()] = value.strip().strip('"')
        return config

    def prompt(self, question):
        """What would be sent to the model."""
        return f"[{self.config['model']}] {question}"
