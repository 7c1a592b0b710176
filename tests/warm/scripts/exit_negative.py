raise SystemExit(-3)
