"""Pipelines by the names that pySigma's plug-ins give, or from a YAML file, joined into one.

Source: pySigma 1.5, ``sigma.plugins`` (which names there are) and ``sigma.processing.resolver`` (in which
order several are applied: by priority, then by name).
"""

from __future__ import annotations

import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from importlib.metadata import distributions
from types import ModuleType
from typing import Any, NamedTuple, get_type_hints

from sigma import pipelines as plugins
from sigma.exceptions import SigmaError as TheirError
from sigma.pipelines.base import Pipeline
from sigma.processing.pipeline import ProcessingPipeline
from sigma.processing.transformations import NestedProcessingTransformation
from sigma.processing.transformations.external import ExternalSourceBaseTransformation

from transpiler.diagnostics import diagnostic
from transpiler.errors import PipelineError, UsageError
from transpiler.nearest import did_you_mean
from transpiler.source import read
from transpiler.span import NOWHERE, Span

Maker = Callable[[], Any]

ELASTIC = frozenset({"elasticsearch", "opensearch", "lucene", "eql", "esql", "elastalert"})

BACKENDS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("lucene", "dsl", "kibana", "eql", "esql"), ELASTIC),
    "splunk": frozenset({"splunk", "splunk_spl2"}),
    "kusto": frozenset({"kusto"}),
}
"""Target -> pySigma's backends for the same platform: their pipelines give the names that it uses."""

_NO_PLUGINS = frozenset({"base", "common", "test"})
"""Modules of ``sigma.pipelines`` that pySigma itself brings and offers to nobody."""


class Installed(NamedTuple):
    """An installed pipeline. ``broken``: why it cannot be used; empty where it can."""

    name: str
    title: str
    package: str
    backends: frozenset[str]
    broken: str = ""

    def fits(self, target: str) -> bool:
        """Whether it is for the platform of a target."""
        return not self.backends or bool(self.backends & BACKENDS.get(target, frozenset({target})))


class _Offer(NamedTuple):
    """What a module of a plug-in offers under a name: a pipeline's maker, or why there is none."""

    module: str
    make: Maker | None
    broken: str = ""


@lru_cache(maxsize=1)
def _offers() -> dict[str, _Offer]:
    """Name -> what is offered. A plug-in that cannot be imported stands under its module's name."""
    found: dict[str, _Offer] = {}
    for module in pkgutil.iter_modules(plugins.__path__):
        if module.name in _NO_PLUGINS:
            continue
        full = f"{plugins.__name__}.{module.name}"
        try:
            for name, make in _makers(_imported(full)):
                found[name] = _Offer(full, make)
        except Exception as error:  # noqa: BLE001 - a plug-in that is broken costs the others nothing
            found[module.name] = _Offer(full, None, f"{type(error).__name__}: {error}")
    return found


def _imported(name: str) -> ModuleType:
    """A plug-in's module, its pipelines its own.

    pySigma's decorator ``Pipeline`` has one instance for all that it decorates, so that of two plug-ins
    which were imported earlier the first offers the pipeline of the second; imported anew it does not.
    """
    module = import_module(name)
    makers = [value.func for value in vars(module).values() if isinstance(value, Pipeline)]
    if any(make is not None and not f"{make.__module__}.".startswith(f"{name}.") for make in makers):
        for each in [each for each in sys.modules if f"{each}.".startswith(f"{name}.")]:
            del sys.modules[each]
        module = import_module(name)
    return module


def _makers(module: ModuleType) -> Iterator[tuple[str, Maker]]:
    """The names and pipelines of a module: its table ``pipelines``, or else what it exports."""
    own = vars(module)
    table = own.get("pipelines")
    if not isinstance(table, dict):
        table = {name: own[name] for name in own.get("__all__", own) if not name.startswith("_")}
        table = {name: value for name, value in table.items() if _is_pipeline(value)}
    for name, value in table.items():
        make = _maker(value)
        if make is not None:
            yield name.replace("_pipeline", ""), make


def _is_pipeline(value: object) -> bool:
    if isinstance(value, Pipeline):
        return True
    if inspect.isclass(value):
        return issubclass(value, Pipeline) and value is not Pipeline
    try:
        return inspect.isfunction(value) and get_type_hints(value).get("return") is ProcessingPipeline
    except NameError:  # an annotation that names what is not there at run time
        return False


def _maker(value: Any) -> Maker | None:
    """What makes the pipeline; taken from the decorator at once, whose one instance the next plug-in overwrites."""
    if isinstance(value, Pipeline):
        return value.func or value
    if inspect.isclass(value) and issubclass(value, Pipeline):
        value._instance = None
        instance: Maker = value()
        return instance
    return value if callable(value) else None


def installed() -> list[Installed]:
    """Every installed pipeline, by name."""
    packages = _packages()
    found = []
    for name, offer in sorted(_offers().items()):
        package = packages.get(offer.module, "")
        try:
            made = _made(name, offer)
        except UsageError as error:
            found.append(Installed(name, "", package, frozenset(), error.diagnostic.message))
        else:
            found.append(Installed(name, made.name or "", package, frozenset(made.allowed_backends)))
    return found


def _packages() -> dict[str, str]:
    """Module of ``sigma.pipelines`` -> the package that brings it."""
    found = {}
    for package in distributions():
        for file in package.files or () if "sigma" in (package.name or "").lower() else ():
            if file.parts[:2] == ("sigma", "pipelines") and len(file.parts) > 2:
                module = file.parts[2].removesuffix(".py")
                found[f"{plugins.__name__}.{module}"] = package.name
    return found


# --- loading ------------------------------------------------------------------------------------------


def load(specs: Sequence[str], targets: Sequence[str]) -> ProcessingPipeline:
    """The pipelines of these names and files as one, in pySigma's order.

    Raises UsageError: P701 (no such pipeline), P702 (it cannot be loaded), P703 (it is for other
    backends than the targets'); SourceError for a file that cannot be read.
    """
    found = [(spec, _load(spec)) for spec in specs]
    for spec, each in found:
        _check(spec, each, targets)
    found.sort(key=lambda pair: (pair[1].priority, pair[0]))
    joined: ProcessingPipeline | None = None
    for _, each in found:
        joined = each if joined is None else joined + each
    return joined or ProcessingPipeline()


def _load(spec: str) -> ProcessingPipeline:
    offers = _offers()
    if spec in offers:
        return _made(spec, offers[spec])
    if spec.endswith((".yml", ".yaml")) or "/" in spec or "\\" in spec:
        return _from_file(spec)
    hint = did_you_mean(spec, offers)
    raise UsageError(diagnostic("P701", f"there is no pipeline `{spec}` installed", hint=hint))


def _made(name: str, offer: _Offer) -> ProcessingPipeline:
    if offer.make is None:
        raise UsageError(diagnostic("P702", f"the pipelines of `{name}` cannot be imported: {offer.broken}"))
    try:
        made = offer.make()
    except Exception as error:
        raise UsageError(diagnostic("P702", f"the pipeline `{name}` cannot be made: {said(error)}")) from error
    if not isinstance(made, ProcessingPipeline):
        raise UsageError(diagnostic("P702", f"`{name}` is a {type(made).__name__} and no pipeline"))
    return made


def _from_file(path: str) -> ProcessingPipeline:
    text = read(path)
    try:
        return ProcessingPipeline.from_yaml(text, source_path=path)
    except Exception as error:
        place = getattr(error, "problem_mark", None)
        span = Span(path, place.line + 1, place.column + 1) if place is not None else Span(path, 1, 1)
        raise PipelineError(diagnostic("P702", f"the file is no pipeline: {said(error)}", span)) from error


def _check(spec: str, pipeline: ProcessingPipeline, targets: Sequence[str]) -> None:
    """Refuse a pipeline for other platforms, and one that would fetch values from outside."""
    info = Installed(spec, "", "", frozenset(pipeline.allowed_backends))
    for target in targets:
        if not info.fits(target):
            names = ", ".join(sorted(info.backends))
            hint = f"pySigma allows it for {names}"
            raise UsageError(diagnostic("P703", f"the pipeline `{spec}` is not for {target}", NOWHERE, hint=hint))
    for each in _transformations(pipeline):
        if isinstance(each, ExternalSourceBaseTransformation):
            message = f"the pipeline `{spec}` takes values from outside ({type(each).__name__})"
            raise UsageError(diagnostic("P702", message, hint="write the values under `vars` of a YAML pipeline"))


def _transformations(pipeline: ProcessingPipeline) -> Iterator[object]:
    for item in pipeline.items:
        yield item.transformation
        if isinstance(item.transformation, NestedProcessingTransformation):
            yield from _transformations(item.transformation._nested_pipeline)


def said(error: BaseException) -> str:
    """What an exception says, on one line, without the places that pySigma adds."""
    text = str(error.args[0]) if isinstance(error, TheirError) and error.args else str(error)
    line = " ".join(text.split())
    line = line if len(line) <= _LONG else f"{line[:_LONG]}..."
    return line if isinstance(error, TheirError) and line else f"{type(error).__name__}: {line}"


_LONG = 400
"""Characters of an exception's text that are shown."""
