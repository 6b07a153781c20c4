"""Several accounts and regions behind one endpoint, each with tables of its own."""
