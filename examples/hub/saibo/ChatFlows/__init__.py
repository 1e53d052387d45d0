from .ChatGPT4 import ChatGPT4
