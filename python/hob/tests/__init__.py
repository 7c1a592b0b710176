"""Tests of the client: `HOBD=build/src/hobd python3 -m hob.tests` in the directory python/."""
