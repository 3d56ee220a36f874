"""Judges that write, trained by TRL. It is imported only where such a judge is trained."""
