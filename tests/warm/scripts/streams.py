import sys
for stream in (sys.stdin, sys.stdout, sys.stderr):
    print(stream.name, stream.mode, stream.encoding, stream.errors, stream.line_buffering,
          stream.write_through, stream.newlines, stream.fileno(), stream.isatty(), stream.closed)
    print(type(stream.buffer).__name__, stream.buffer.raw.name, stream.buffer.raw.mode,
          stream.buffer.raw.closefd, stream.seekable(), stream is getattr(sys, "__" + stream.name[1:-1] + "__"))
