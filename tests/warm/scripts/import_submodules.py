import concurrent
print(hasattr(concurrent, "futures"))
import concurrent.futures
print(hasattr(concurrent, "futures"))
import email, os.path, urllib
print(hasattr(urllib, "parse"), hasattr(email, "mime"))
from email.mime.text import MIMEText
print(MIMEText("x")["Content-Type"], hasattr(email, "mime"))
