import beside
print(beside.value, beside.__file__.endswith("beside.py"), beside.__name__)
from beside import caller
print(caller())
