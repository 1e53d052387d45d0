"""Chat flows of aiFlows."""

from .ChatAtomicFlow import ChatAtomicFlow
