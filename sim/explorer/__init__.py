"""The explorer: precomputed runs in one HTML file that needs no installation and no network.

`recording` runs a setting month by month, `packing` makes bytes of it, `header` says what the page holds, `scenes` asks
for predictions, and `page` puts all of it and the scripts in `js/` into one file.
"""
