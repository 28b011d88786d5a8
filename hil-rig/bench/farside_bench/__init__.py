"""The bench: volumes of Farside beside those of what a user would pick instead, in one run.

Read it in the order in which a run goes: `options` (what was asked), `comparisons` (what is compared with what),
`tools` (is everything here), `run` (the rounds), which starts the targets (`farside`, `peer`, `local_peer`), lets `fio`
load them by turns and asks them at the end for proof that they kept what was written; then `figures`, `report` and
`plot`. `specs/performance.md` says how the figures are to be read.
"""
