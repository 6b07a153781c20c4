"""Texas Sports Academy: the coach, parent and admin services, each in its own folder."""
