"""One page on what a folder of results says, made of nothing but that folder."""
