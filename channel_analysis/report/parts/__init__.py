"""One module per part of a report: a result and words go in, a section comes out."""
