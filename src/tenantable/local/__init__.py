"""The composition root: settings in, a running world out; it alone chooses clocks, randomness and clients."""
