import runpy
print(sorted(k for k in runpy.run_path(__file__.replace("runpy_inside", "beside"))))
