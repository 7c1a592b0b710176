"""What importing costs: nothing that a program would not use."""

import os
import subprocess
import sys
import unittest

import hob
import hob.lynguine
from .support import PYTHON

HEAVY = ("http.client", "email", "ssl", "socket", "json", "typing", "subprocess", "tempfile",
         "urllib.parse", "threading", "datetime", "pandas", "numpy", "pyarrow", "requests")


def loaded_by(code):
    """The heavy modules that a bare interpreter has after the code."""
    program = "import sys; sys.path.insert(0, %r); %s; print(*sys.modules)" % (PYTHON, code)
    done = subprocess.run([sys.executable, "-S", "-c", program], stdout=subprocess.PIPE, check=True)
    return sorted(set(done.stdout.decode().split()) & set(HEAVY))


class Imports(unittest.TestCase):
    def test_the_heavy_ones_are_left_to_those_who_need_them(self):
        for code in ("import hob", "from hob import Client, Error", "from hob import Session",
                     "from hob import Server", "from hob.lynguine import ServerClient, Session",
                     "from hob.lynguine.client import ServerClient",
                     "from hob.lynguine import Interface, ServerInterface, LynguineServer"):
            self.assertEqual(loaded_by(code), [], code)
        self.assertIn("http.client", loaded_by("import hob; hob.Client('h').close()"))

    def test_every_name_that_is_promised_is_there(self):
        for module in (hob, hob.lynguine):
            for name in module.__all__:
                self.assertIsNotNone(getattr(module, name), name)
                self.assertIn(name, dir(module))
        self.assertEqual(sorted(hob.__all__), sorted([*hob._HOMES, "__version__"]))
        with self.assertRaises(AttributeError):
            hob.nothing

    def test_types_are_there_for_those_who_check_them(self):
        self.assertTrue(os.path.exists(os.path.join(PYTHON, "hob", "py.typed")))

    def test_every_function_of_the_interface_has_types_and_a_text(self):
        import inspect
        from hob.lynguine import client, interface
        things = [hob.Client, hob.Session, hob.Server, hob.Table, client.ServerClient,
                  client.Session, interface.Interface, interface.LynguineServer]
        for thing in things:
            for name, member in inspect.getmembers(thing, inspect.isfunction):
                if name.startswith("_") or member.__module__.split(".")[0] != "hob":
                    continue
                self.assertTrue(inspect.getdoc(member), "%s.%s" % (thing.__name__, name))
                signature = inspect.signature(member)
                self.assertIsNot(signature.return_annotation, inspect.Signature.empty, name)
                for parameter in list(signature.parameters.values())[1:]:
                    self.assertIsNot(parameter.annotation, inspect.Parameter.empty, name)


class Errors(unittest.TestCase):
    def test_each_is_what_python_calls_it_and_one_family(self):
        import builtins
        from hob._errors import KINDS
        for kind, cls in KINDS.items():
            self.assertTrue(issubclass(cls, hob.Error))
            expected = getattr(builtins, kind, None)
            if isinstance(expected, type) and kind not in ("UnicodeDecodeError",):
                self.assertTrue(issubclass(cls, expected), kind)

    def test_they_say_what_to_do_and_travel_between_processes(self):
        import pickle
        for cls in (hob.NotFound, hob.InterfaceNotFound, hob.InvalidKey, hob.InvalidValue,
                    hob.ConnectionFailed):
            error = cls("no 'x'", hint="look", kind="K", status=404)
            for one in (error, pickle.loads(pickle.dumps(error))):
                self.assertEqual((str(one), one.message, one.hint, one.kind, one.status),
                                 ("no 'x'; look", "no 'x'", "look", "K", 404))
                self.assertIs(type(one), cls)
        error = pickle.loads(pickle.dumps(hob.RPCError("m", code=-3, data=[1])))
        self.assertEqual((error.code, error.data), (-3, [1]))
