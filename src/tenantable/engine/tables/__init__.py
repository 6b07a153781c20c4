"""Tables as values: what one is, how requests define and change it, how it is described."""
