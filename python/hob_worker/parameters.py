"""Parameters of a method, checked against the annotations of the function.

What an annotation may be: nothing or `Any`, `None`, `bool`, `int`, `float` (takes an int too),
`str`, `list`, `dict`, `tuple`, `Sequence` and `Mapping` with or without what is in them,
`Optional`, `Union` and `|`, `Literal`, and `TypedDict`. Any other is refused when the method is
registered, because JSON could never satisfy it.
"""

from __future__ import annotations

import collections.abc
import inspect
import types
import typing
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from .protocol import INVALID_PARAMS, RpcError, encode

#: None when the value is right, else (path within the parameter, what was expected, the value).
Fault = Optional[Tuple[str, str, Any]]
Check = Callable[[Any], Fault]

_UNIONS = (typing.Union, getattr(types, "UnionType", typing.Union))
_LISTS = (list, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection)
_MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_SHOWN = 40


class Parameter:
    """One parameter: its name, how its type is called in errors, and the check (None: anything)."""

    __slots__ = ("name", "expected", "required", "default", "check")

    def __init__(self, source: inspect.Parameter, annotation: Any) -> None:
        self.name = source.name
        self.required = source.default is inspect.Parameter.empty
        self.default = None if self.required else source.default
        self.expected, self.check = _checker(annotation)


class Signature:
    """How the parameters of a function are filled from the `params` of a request."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self._name = name
        self.parameters: List[Parameter] = []
        self._positional = 0  # how many of them go by position only
        self._ordered = 0  # how many of them may be given in an array
        self._rest: Optional[str] = None  # *args
        self._more: Optional[str] = None  # **kwargs
        hints = typing.get_type_hints(function)
        for source in inspect.signature(function).parameters.values():
            if source.kind is source.VAR_POSITIONAL:
                self._rest = source.name
            elif source.kind is source.VAR_KEYWORD:
                self._more = source.name
            else:
                self._add(source, hints.get(source.name, Any))
        self._names = {parameter.name: parameter for parameter in self.parameters}

    def _add(self, source: inspect.Parameter, annotation: Any) -> None:
        try:
            self.parameters.append(Parameter(source, annotation))
        except TypeError as error:
            raise TypeError(f"{self._name}: parameter {source.name!r}: {error}") from None
        self._positional += source.kind is source.POSITIONAL_ONLY
        self._ordered += source.kind is not source.KEYWORD_ONLY

    def bind(self, params: Any) -> Tuple[Sequence[Any], Dict[str, Any]]:
        """The arguments for a call; RpcError(INVALID_PARAMS) that names the parameter."""
        if type(params) is dict:
            named = params
            rest: Sequence[Any] = ()
        elif params is None:
            named, rest = {}, ()
        elif type(params) is list:
            named, rest = self._by_order(params)
        else:
            raise RpcError(INVALID_PARAMS, f"{self._name}: params: expected an object or an array, "
                                           f"got {describe(params)}")
        if not self._names.keys() >= named.keys():
            self._refuse_unknown(named)
        for parameter in self.parameters:
            if parameter.name not in named:
                if parameter.required:
                    self._refuse(parameter.name, parameter.expected, "nothing")
            elif parameter.check is not None:
                fault = parameter.check(named[parameter.name])
                if fault is not None:
                    self._refuse(parameter.name + fault[0], fault[1], describe(fault[2]))
        return self._arguments(named, rest)

    def _by_order(self, params: List[Any]) -> Tuple[Dict[str, Any], Sequence[Any]]:
        ordered = self.parameters[:self._ordered]
        if len(params) > len(ordered) and self._rest is None:
            raise RpcError(INVALID_PARAMS, f"{self._name}: takes {len(ordered)} parameters, "
                                           f"got {len(params)}")
        named = {parameter.name: value for parameter, value in zip(ordered, params)}
        return named, params[len(ordered):]

    def _arguments(self, named: Dict[str, Any],
                   rest: Sequence[Any]) -> Tuple[Sequence[Any], Dict[str, Any]]:
        if not (self._positional or rest):
            return (), named
        count = self._ordered if rest else self._positional
        by_position = [named[parameter.name] if parameter.name in named else parameter.default
                       for parameter in self.parameters[:count]]
        used = {parameter.name for parameter in self.parameters[:count]}
        others = {name: value for name, value in named.items() if name not in used}
        return [*by_position, *rest], others

    def _refuse_unknown(self, named: Mapping[str, Any]) -> None:
        if self._more is not None:
            return
        unknown = next(name for name in named if name not in self._names)
        takes = ", ".join(self._names) or "no parameters"
        raise RpcError(INVALID_PARAMS, f"{self._name}: unknown parameter {unknown!r}; it takes {takes}",
                       {"parameter": unknown, "expected": "nothing",
                        "got": describe(named[unknown])})

    def _refuse(self, where: str, expected: str, got: str) -> None:
        raise RpcError(INVALID_PARAMS, f"{self._name}: parameter {where!r}: expected {expected}, "
                                       f"got {got}",
                       {"parameter": where, "expected": expected, "got": got})

    def described(self) -> List[Dict[str, Any]]:
        """What `hob.methods` tells of the parameters."""
        found: List[Dict[str, Any]] = []
        for parameter in self.parameters:
            entry = {"name": parameter.name, "type": parameter.expected,
                     "required": parameter.required}
            if not parameter.required:
                entry["default"] = _writable(parameter.default)
            found.append(entry)
        for name, kind in ((self._rest, "any number by position"), (self._more, "any by name")):
            if name is not None:
                found.append({"name": name, "type": kind, "required": False})
        return found


def _writable(value: Any) -> Any:
    try:
        encode(value)
    except (ValueError, TypeError, RecursionError):
        return repr(value)
    return value


def describe(value: Any) -> str:
    """A value as an error shows it: its type as JSON users know it, and the value if it is short."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"bool {'true' if value else 'false'}"
    if isinstance(value, (int, float, str)):
        shown = repr(value) if not isinstance(value, int) or value.bit_length() < 200 else "(large)"
        if len(shown) > _SHOWN:
            shown = shown[:_SHOWN] + "..."
        return f"{type(value).__name__} {shown}"
    return f"object with {len(value)} members" if isinstance(value, dict) else \
        f"array of {len(value)}"


def _checker(annotation: Any) -> Tuple[str, Optional[Check]]:
    """The name and the check of a type; TypeError for one that can't be checked."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is Any or annotation is inspect.Parameter.empty or annotation is object:
        return "anything", None
    if annotation is None or annotation is type(None):
        return "null", lambda value: None if value is None else ("", "null", value)
    if annotation in (bool, str):
        return annotation.__name__, _exactly(annotation, annotation.__name__)
    if annotation is int:
        return "int", _exactly(int, "int")
    if annotation is float:
        return "number", _number
    if origin in _UNIONS:
        return _union(arguments)
    if origin is typing.Literal:
        return _literal(arguments)
    if annotation is tuple or origin is tuple:
        return _tuple(arguments)
    if annotation in _LISTS or origin in _LISTS:
        return _list(arguments)
    if annotation in _MAPPINGS or origin in _MAPPINGS:
        return _mapping(arguments)
    if isinstance(annotation, type) and issubclass(annotation, dict) and \
            hasattr(annotation, "__total__"):
        return _typed_dict(annotation)
    raise TypeError(f"values of type {annotation!r} can't come from JSON; annotate it with bool, int, "
                    "float, str, list, dict, tuple, Optional, Union, Literal, a TypedDict or Any")


def _exactly(kind: type, name: str) -> Check:
    return lambda value: None if type(value) is kind else ("", name, value)


def _number(value: Any) -> Fault:
    return None if type(value) in (int, float) else ("", "number", value)


def _union(arguments: Sequence[Any]) -> Tuple[str, Optional[Check]]:
    choices = [_checker(argument) for argument in arguments]
    expected = " or ".join(name for name, _ in choices)
    checks = [check for _, check in choices if check is not None]
    if len(checks) < len(choices):
        return expected, None

    def check_union(value: Any) -> Fault:
        faults = [check(value) for check in checks]
        if any(fault is None for fault in faults):
            return None
        # The deepest path is of the choice that was meant.
        deepest = max(faults, key=lambda fault: len(fault[0]) if fault else 0)
        return deepest if deepest and deepest[0] else ("", expected, value)

    return expected, check_union


def _literal(choices: Sequence[Any]) -> Tuple[str, Check]:
    expected = " or ".join(repr(choice) for choice in choices)

    def check_literal(value: Any) -> Fault:
        # True == 1, but true is not 1 in JSON.
        if any(type(value) is type(choice) and value == choice for choice in choices):
            return None
        return "", expected, value

    return expected, check_literal


def _list(arguments: Sequence[Any]) -> Tuple[str, Check]:
    name, check = _checker(arguments[0]) if arguments else ("anything", None)
    expected = "array" if check is None else f"array of {name}"

    def check_list(value: Any) -> Fault:
        if type(value) is not list:
            return "", expected, value
        if check is not None:
            for position, item in enumerate(value):
                fault = check(item)
                if fault is not None:
                    return f"[{position}]{fault[0]}", fault[1], fault[2]
        return None

    return expected, check_list


def _tuple(arguments: Sequence[Any]) -> Tuple[str, Check]:
    if not arguments or len(arguments) == 2 and arguments[1] is Ellipsis:
        return _list(arguments[:1])
    items = [_checker(argument) for argument in arguments]
    expected = "array of (" + ", ".join(name for name, _ in items) + ")"

    def check_tuple(value: Any) -> Fault:
        if type(value) is not list or len(value) != len(items):
            return "", expected, value
        for position, (item, (_, check)) in enumerate(zip(value, items)):
            fault = check(item) if check is not None else None
            if fault is not None:
                return f"[{position}]{fault[0]}", fault[1], fault[2]
        return None

    return expected, check_tuple


def _mapping(arguments: Sequence[Any]) -> Tuple[str, Check]:
    if arguments and arguments[0] not in (str, Any):
        raise TypeError("the keys of an object in JSON are str")
    name, check = _checker(arguments[1]) if arguments else ("anything", None)
    expected = "object" if check is None else f"object of {name}"

    def check_mapping(value: Any) -> Fault:
        if type(value) is not dict:
            return "", expected, value
        if check is not None:
            for key, item in value.items():
                fault = check(item)
                if fault is not None:
                    return f".{key}{fault[0]}", fault[1], fault[2]
        return None

    return expected, check_mapping


def _typed_dict(annotation: Any) -> Tuple[str, Check]:
    members = {name: _checker(hint) for name, hint in typing.get_type_hints(annotation).items()}
    required = annotation.__required_keys__
    expected = f"object {annotation.__name__}"

    def check_typed_dict(value: Any) -> Fault:
        if type(value) is not dict:
            return "", expected, value
        for name in required:
            if name not in value:
                return f".{name}", f"{members[name][0]} (it is missing)", value
        for name, item in value.items():
            if name not in members:
                return f".{name}", f"no such member in {expected}", item
            check = members[name][1]
            fault = check(item) if check is not None else None
            if fault is not None:
                return f".{name}{fault[0]}", fault[1], fault[2]
        return None

    return expected, check_typed_dict
