import sys
print(list(sys.modules))
import xml
print(hasattr(xml, "etree"), "json" in sys.modules)
import json, logging
print(hasattr(logging, "handlers"), sorted(sys.modules))
import xml.etree.ElementTree
print(hasattr(xml, "etree"))
