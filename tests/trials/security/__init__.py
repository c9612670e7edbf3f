"""Security: hostile names and paths, what the code promises never to do, the limits of the app, the supply chain."""
