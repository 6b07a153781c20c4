"""What must change so that running tables become what is declared, and changing them."""
