"""The parameters that expressions replaced: each is translated into the syntax tree or bound form of its expression."""
