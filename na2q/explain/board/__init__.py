"""A board of Level-Based Foraging that the reader can move, with a trained team that reacts: one web page."""
