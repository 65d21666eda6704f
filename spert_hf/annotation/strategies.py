"""Ways to choose texts, by name; a file of its own, as help shows them and imports nothing heavy."""

STRATEGIES = {
    "uncertainty": "texts of whose entities and relations the model is least sure",
    "diversity": "texts that differ from each other, as the encoder sees them",
    "both": "texts of which the model is unsure, and that differ from each other",
    "random": "any texts",
}
DEFAULT_STRATEGY = "both"
