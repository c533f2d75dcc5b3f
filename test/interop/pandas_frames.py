"""Random frames and chains of operations, with what pandas makes of them: the oracle of the PandasReporter. Prints JSON; needs pandas only."""
import json
import sys

import numpy as np
import pandas as pd

seed, count = int(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(seed)
ZONES = ["UTC", "Europe/Amsterdam", "America/Martinique"]
# Around the two nights on which clocks change, and ordinary days.
STARTS = ["2026-03-28T18:00", "2026-10-24T20:00", "2026-01-15T03:30"]


def frame(start, zone, step, rows, offset=0):
    index = pd.date_range(pd.Timestamp(start, tz=zone), periods=rows, freq=f"{step}min") + pd.Timedelta(minutes=offset * step)
    values = np.round(rng.normal(0, 10, rows), 3)
    values[rng.random(rows) < 0.15] = np.nan
    return pd.DataFrame({"event_value": values}, index=index.rename("event_start"))


def choices(step):
    whole = step * int(rng.integers(2, 6))
    return [
        ("add", ["@b"], {}), ("sub", ["@b"], {}), ("multiply", ["@b"], {}), ("divide", ["@b"], {}), ("subtract", [2.5], {}),
        ("add", ["@b"], {"fill_value": 1}), ("mul", [-3], {}), ("rsub", [1], {}), ("pow", [2], {}), ("mod", [3], {}),
        ("abs", [], {}), ("clip", [], {"lower": -5, "upper": 5}), ("clip", [], {"lower": 0}), ("clip", [], {"upper": 0}),
        ("shift", [1], {}), ("shift", [], {"periods": -2}), ("shift", [1], {"freq": f"{step}min"}), ("diff", [], {}), ("diff", [2], {}),
        ("cumsum", [], {}), ("cummax", [], {}), ("cummin", [], {}), ("cumprod", [], {}), ("fillna", [0], {}), ("fillna", ["@b"], {}),
        ("ffill", [], {}), ("bfill", [], {}), ("ffill", [], {"limit": 1}), ("interpolate", [], {}), ("dropna", [], {}),
        ("round", [], {}), ("round", [1], {}), ("head", [7], {}), ("tail", [-3], {}), ("head", [-2], {}),
        ("between_time", ["22:00", "06:00"], {}), ("between_time", ["06:00", "18:00"], {"inclusive": "left"}), ("at_time", ["02:00"], {}),
        ("gt", [0], {}), ("where", ["@mask"], {}), ("mask", ["@mask", 0], {}), ("notna", [], {}),
        (("resample", [f"{whole}min"]), ["sum", "mean", "min", "max", "first", "last", "count", "median", "std"], {}),
        (("resample", ["1D"]), ["sum", "mean", "max"], {}), (("resample", ["2h"]), ["mean", "first"], {}),
        (("rolling", [3]), ["sum", "mean", "min", "max"], {}), (("rolling", [f"{3 * step}min"]), ["sum", "mean"], {}),
        (("resample", [f"{max(1, step // 2)}min"]), ["ffill", "bfill", "asfreq"], {}),
        (("groupby", ["event_start"]), ["sum", "mean"], {}), ("pct_change", [], {"fill_method": None}), ("sum", [], {"axis": 1}),
    ]


def plain(value):
    value = value.to_frame("event_value") if isinstance(value, pd.Series) else value
    numbers = value.iloc[:, 0].astype(float)
    return [
        [int(at.timestamp() * 1000), None if np.isnan(number) else "inf" if np.isinf(number) and number > 0 else "-inf" if np.isinf(number) else number]
        for at, number in zip(value.index, numbers)
    ]


cases = []
while len(cases) < count:
    zone, start = ZONES[rng.integers(3)], STARTS[rng.integers(3)]
    step = int(rng.choice([5, 15, 30, 60]))
    rows = int(rng.integers(4, 60))
    a, b = frame(start, zone, step, rows), frame(start, zone, step, rows, int(rng.integers(-2, 3)))
    data = {"a": a, "b": b, "mask": a.gt(1)}
    value, steps = a, []
    for _ in range(int(rng.integers(1, 4))):
        options = choices(step)
        name, args, kwargs = options[rng.integers(len(options))]
        if isinstance(name, tuple):
            gather, then = name, args[rng.integers(len(args))]
            if value.index.has_duplicates or not value.index.is_monotonic_increasing or len(value) == 0:
                break
            if isinstance(value, pd.Series):
                value = value.to_frame("event_value")
            value = getattr(getattr(value, gather[0])(*gather[1]), then)()
            steps += [{"method": gather[0], "args": gather[1]}, {"method": then}]
            if gather[0] == "resample":
                break
            continue
        if isinstance(value, pd.Series):
            break
        if name == "interpolate" and value.isna().all().all():
            break
        real = [data[arg[1:]] if isinstance(arg, str) and arg.startswith("@") else arg for arg in args]
        try:
            value = getattr(value, name)(*real, **kwargs)
        except TypeError:
            break
        if value.dtypes.iloc[0] == bool if isinstance(value, pd.DataFrame) else value.dtype == bool:
            value = value.astype(float)
        steps.append({"method": name, "args": args, "kwargs": {k: v for k, v in kwargs.items() if k != "fill_method"}})
    if not steps:
        continue
    cases.append({"zone": zone, "step": step, "steps": steps, "a": plain(a), "b": plain(b), "mask": plain(data["mask"].astype(float)), "out": plain(value)})
json.dump({"pandas": pd.__version__, "cases": cases}, sys.stdout)
