"""The coach service: profiles, onboarding, and the parents that coaches invite."""
