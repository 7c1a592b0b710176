import sys
print([type(f).__name__ if not isinstance(f, type) else f.__name__ for f in sys.meta_path], len(sys.path_hooks))
import json
print([m.__name__ for m in (json, json.decoder)], json.__spec__.origin == json.__file__)
