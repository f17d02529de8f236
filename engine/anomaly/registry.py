"""The models that there are: every module of `engine.anomaly.models` with a constant `MODEL`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import cast

from engine.anomaly import models
from engine.anomaly.frame import Model
from engine.errors import NotFoundError


@cache
def all_models() -> tuple[Model, ...]:
    """Return every model, by name."""
    names = sorted(item.name for item in iter_modules(models.__path__))
    modules = [import_module(f"{models.__name__}.{name}") for name in names]
    found = [cast("Model", module.MODEL) for module in modules if hasattr(module, "MODEL")]
    return tuple(sorted(found, key=lambda model: model.name))


def model_called(name: str) -> Model:
    """Return the model of this name; raise `NotFoundError` where there is none."""
    for model in all_models():
        if model.name == name:
            return model
    raise NotFoundError(f"no model is called `{name}`", hint="kulla models list")
