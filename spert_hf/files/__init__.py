"""Output files: atomic writing, locks, and the permissions and links of what is replaced."""
