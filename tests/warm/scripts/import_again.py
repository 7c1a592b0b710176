import sys
import colorsys
import csv
import json

colorsys.mark = csv.mark = json.decoder.mark = 1
del sys.modules["colorsys"]
import colorsys
del sys.modules["csv"], sys.modules["json.decoder"], sys.modules["json"]
import csv
import json
print(hasattr(colorsys, "mark"), hasattr(csv, "mark"), hasattr(json.decoder, "mark"))
