# env: TZ=America/St_Johns
import time
print(time.strftime("%H:%M %Z", time.localtime(86400 * 200)))
