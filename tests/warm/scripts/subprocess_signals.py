import subprocess
print(subprocess.getoutput("grep -E 'Sig(Ign|Blk|Cgt)' /proc/self/status"))
