"""The invitation service: invitations by e-mail and by link, and what their receivers answer."""
