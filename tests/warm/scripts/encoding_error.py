# env: PYTHONIOENCODING=ascii
print("gr\u00fcn")
