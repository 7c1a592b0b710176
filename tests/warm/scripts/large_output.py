import sys
for i in range(20000):
    print(i, "line of output that fills pipes and buffers")
