"""How AWS services are spoken to: queries answered in XML, JSON, and CBOR."""
