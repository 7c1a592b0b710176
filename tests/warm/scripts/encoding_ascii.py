# env: PYTHONIOENCODING=ascii:replace
print("gr\u00fcn")
