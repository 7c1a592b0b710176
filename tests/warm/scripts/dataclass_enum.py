from dataclasses import dataclass, field
from enum import Enum
import typing
class Color(Enum):
    RED = 1
@dataclass
class Item:
    name: "str"
    color: Color = Color.RED
    tags: list = field(default_factory=list)
print(Item("a"), typing.get_type_hints(Item))
