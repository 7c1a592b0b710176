# ignore: HUP INT USR1
import signal
print([s.name for s in (signal.SIGHUP, signal.SIGINT, signal.SIGUSR1, signal.SIGPIPE, signal.SIGTERM)
       if signal.getsignal(s) == signal.SIG_IGN])
