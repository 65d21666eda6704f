"""The demo that runs in the browser: its tables, the packages that it needs, and the folder of a static Space."""
