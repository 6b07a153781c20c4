"""The decision API: may this subject do that, who may, what may they, and why."""
