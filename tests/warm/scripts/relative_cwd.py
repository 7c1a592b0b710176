import os
print(os.path.abspath(".") == os.getcwd(), os.path.isdir(os.getcwd()), os.listdir())
