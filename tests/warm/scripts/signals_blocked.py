# block: USR2
import signal
print(signal.pthread_sigmask(signal.SIG_BLOCK, []))
