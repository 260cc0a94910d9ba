"""What is wrong with states of one's own."""


class StatesError(ValueError):
    """States that cannot be measured, or sequences that cannot be written; the message is one sentence."""
