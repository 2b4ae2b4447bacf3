"""Which data a number rests on, read off the code of a chapter's cells.

A name rests on what was loaded into it with ``data.load`` and on the names that it was made of. A
name whose making cannot be seen rests on everything loaded so far: the answer may be too wide and
is never too narrow.
"""

import ast
import builtins
from collections.abc import Iterable

NOTHING: frozenset[str] = frozenset()
BOUND = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
COMPOUND = (ast.For, ast.While, ast.If, ast.With, ast.Try, ast.Match)


class Provenance:
    """What each name of a notebook rests on, after the cells that were read so far.

    Parameters
    ----------
    names : iterable of str
        Names that rest on nothing, such as a chapter's parameters.
    """

    def __init__(self, names: Iterable[str] = ()):
        self.known = dict.fromkeys(names, NOTHING)
        self.loaded = NOTHING
        self._functions: dict[str, set[str]] = {}
        self._imported: set[str] = set()

    def cell(self, source: str, loads: Iterable[str] = ()) -> frozenset[str]:
        """Read a code cell; return the datasets that what it shows rests on.

        Parameters
        ----------
        source : str
            Code; lines of magic must have been taken out.
        loads : iterable of str
            Datasets that the cell was seen to load when it ran: the answer where the key of a
            ``data.load`` is not a plain string.
        """
        seen, loads = NOTHING, frozenset(loads)
        for statement in ast.parse(source).body:
            seen |= self._statement(statement, loads)
        return seen

    def of(self, expression: str) -> frozenset[str]:
        """Return the datasets that the value of an expression rests on."""
        return self._reads(ast.parse(expression.strip(), mode="eval"), NOTHING)

    # -- statements ------------------------------------------------------------------------------

    def _statement(self, node: ast.stmt, loads: frozenset[str]) -> frozenset[str]:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
            self.known |= dict.fromkeys(names, NOTHING)
            self._imported |= set(names)
            return NOTHING
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            self._functions[node.name] = _free(node)
            self.known[node.name] = self._literal(node, loads)
            return NOTHING
        if isinstance(node, COMPOUND):  # what a loop or a branch binds is known inside it
            for name in _stored(node):
                self.known.setdefault(name, NOTHING)
        keys = self._reads(node, loads)
        merge = isinstance(node, (*COMPOUND, ast.AugAssign))
        for name in _stored(node):
            self.known[name] = keys | (self.known.get(name, NOTHING) if merge else NOTHING)
            self._functions.pop(name, None)
        for name in _changed(node) - self._imported:
            self.known[name] = keys | self.known.get(name, NOTHING)
        return keys

    def _reads(self, node: ast.AST, loads: frozenset[str]) -> frozenset[str]:
        keys = self._literal(node, loads)
        for name in _free(node):
            keys |= self._resolve(name, set())
        return keys

    def _literal(self, node: ast.AST, loads: frozenset[str]) -> frozenset[str]:
        """Return the keys that the calls of ``data.load`` inside a node name."""
        keys = NOTHING
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in ("data.load", "load"):
                first = call.args[0] if call.args else None
                plain = isinstance(first, ast.Constant)
                keys |= frozenset([first.value]) if plain else loads
        self.loaded |= keys
        return keys

    def _resolve(self, name: str, busy: set[str]) -> frozenset[str]:
        if name in busy:
            return NOTHING
        if name in self._functions:
            busy.add(name)
            keys = self.known[name]
            for free in self._functions[name]:
                keys |= self._resolve(free, busy)
            return keys
        if name in self.known:
            return self.known[name]
        return NOTHING if hasattr(builtins, name) else self.loaded


# -- names in a piece of code --------------------------------------------------------------------


def _stored(node: ast.AST) -> set[str]:
    """Names that a statement binds; variables of comprehensions are not among them."""
    inner = {n for part in ast.walk(node) if isinstance(part, BOUND) for n in _bound(part)}
    names = {
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    defined = {n.name for n in ast.walk(node) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    return (names - inner) | defined


def _changed(node: ast.AST) -> set[str]:
    """Names whose object a statement changes: by an item, an attribute, or a call of its method."""
    names = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute | ast.Subscript) and isinstance(part.ctx, ast.Store):
            names |= _base(part)
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            call = part.value
            names |= _base(call.func) if isinstance(call.func, ast.Attribute) else set()
            for given in call.keywords:
                if given.arg == "ax" and isinstance(given.value, ast.Name):
                    names.add(given.value.id)
    return names


def _base(node: ast.AST) -> set[str]:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _bound(node: ast.AST) -> set[str]:
    """Names of the variables of a comprehension."""
    targets = [part.target for part in node.generators]
    return {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}


def _free(node: ast.AST) -> set[str]:
    """Names that a piece of code reads and does not make itself, as far as one can see."""
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Load) else set()
    children = [_free(child) for child in ast.iter_child_nodes(node)]
    names = set().union(*children)
    if isinstance(node, BOUND):
        return names - _bound(node)
    if isinstance(node, ast.Lambda | ast.FunctionDef):
        arguments = [a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)]
        local = set() if isinstance(node, ast.Lambda) else _stored(node)
        made = [d for d in (*node.args.defaults, *node.args.kw_defaults) if d is not None]
        return (names - set(arguments) - local).union(*(_free(d) for d in made))
    if isinstance(node, ast.AugAssign):
        return names | _base(node.target)
    return names
