"""One audit as a chain of pure steps, with or without an engine to distribute them.

In: corpora named on the command line. Out: profiles. The steps are plan, scan, link,
look again, finish; `audit.local` runs them in a loop, `pipelines` on Beam, and both
call the same functions.
"""
