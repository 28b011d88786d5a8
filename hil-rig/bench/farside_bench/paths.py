"""Where the bench and its repository are."""

import pathlib

HERE = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = HERE.parent.parent
