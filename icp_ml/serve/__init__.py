"""From the profile to scored lists."""
