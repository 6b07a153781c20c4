"""Application Auto Scaling: targets and policies. They are kept and described; nothing scales here."""
