"""Where tables are that commands compare and change: a data folder, an endpoint, an account on AWS."""
