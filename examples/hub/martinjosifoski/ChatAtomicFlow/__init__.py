from .ChatAtomicFlow import ChatAtomicFlow
