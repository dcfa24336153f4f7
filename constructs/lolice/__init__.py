"""This user's declarations: what is deployed to lolice and arch. The library knows nothing of it."""
