"""The bench: a mirrored Farside volume beside a mirrored volume of qemu, in one run.

Read it in the order in which a run goes: `options` (what was asked), `tools` (is everything here),
`run` (the rounds), which starts the targets (`farside`, `peer`), lets `fio` load them by turns and
asks them at the end for proof that they did mirror; then `figures` and `report`.
`specs/performance.md` says how the figures are to be read.
"""
