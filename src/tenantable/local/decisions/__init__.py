"""Who is told what policies decide: the count of grants, kept in the data folder, and the log of denials."""
