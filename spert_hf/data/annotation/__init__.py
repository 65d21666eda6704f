"""Files of annotation tools: read into one form, turned into documents, and written."""
