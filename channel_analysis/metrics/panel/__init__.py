"""What was known of every partner at the end of each month, and what happened to it afterwards.

A fact enters a snapshot only when it had happened and had become known by then. The engine adds facts
up by partner, month of the event and month in which it became known; `grid` turns such sums into
windows over all snapshots at once.
"""
