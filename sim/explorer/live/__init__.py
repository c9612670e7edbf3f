"""The live app: the explorer's page on runs that a visitor sets up. Served on this machine, to others only when asked.

`options` says what can be chosen, `asking` checks what a visitor asks for, `visitors` keeps a model for each and limits
what it costs, `guards` refuse foreign pages, and `server` answers. Needs the extra ``app`` (Starlette and uvicorn).
"""
