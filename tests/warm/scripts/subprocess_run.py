import subprocess, sys
done = subprocess.run([sys.executable, "-c", "import sys; print(sys.argv, sys.stdin.read())", "x"],
                      input="given", text=True, capture_output=True)
print(done.returncode, done.stdout, done.stderr)
print(subprocess.run("exit 3", shell=True).returncode, subprocess.getoutput("echo hi; echo no >&2"))
