import gzip
g = gzip.GzipFile("x.gz", "w", mtime=0)
g.write(b"data" * 100)
g.close()
h = gzip.GzipFile("y.gz", "w", mtime=0)
h.write(b"left open")
