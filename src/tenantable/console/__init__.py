"""Pages over the services' public HTTP APIs: rendered here, asked for as whoever is signed in."""
