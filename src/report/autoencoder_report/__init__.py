"""Each chapter as one self-contained HTML file that works offline, and an index of them."""
