"""The API behind a server: `spert-hf serve`, and what the demo shares with it. Nothing here imports torch by itself."""
