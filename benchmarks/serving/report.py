"""The page of the results, with every bound and whether it is met."""
import peers

ROOST = peers.ROOST
FLAT = 1.05  # times as much memory at the end as after a tenth: no more counts as flat
TITLES = {"small": ("One row over HTTP/1.1", "16 connections, a row of 20 numbers in JSON, closed loop."),
          "rows32": ("32 rows over HTTP/1.1", "16 connections, 32 rows a request."),
          "grpc 8x8": ("One row over gRPC, multiplexed", "ModelInfer over 8 connections with 8 streams at once."),
          "grpc 16x1": ("One row over gRPC, a stream a connection", "ModelInfer over 16 connections.")}


def table(head, rows, align=None):
    align = align or ["---"] + ["--:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in [head, align, *rows]) + "\n"


def stamp(part):
    """When, on what and with which Roost a part was measured."""
    said = sorted({f"Measured {entry['measured']}, {entry['machine']}, roost {entry['roost']} with "
                   f"{' and '.join(['metrics', 'counts', *entry['switched_on']])}" for entry in part.values()})
    return "; ".join(said) + ".\n"


def number(value):
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def figure(results, part, name, key):
    return results.get(part, {}).get(name, {}).get(key)


def costs(part):
    """The table of a part in which peers were measured beside Roost, the cheapest first."""
    rows = []
    for name, entry in sorted(part.items(), key=lambda item: item[1].get("cpu_us", float("inf"))):
        if "error" in entry:
            rows.append([name, f"failed: {entry['error'].splitlines()[-1][:100]}", *[""] * 6])
            continue
        times = entry.get("times_roost", 1 if name == ROOST else None)
        latencies = [number(entry.get(key)) for key in ("p50_us", "p99_us")]
        rows.append([name, number(entry["cpu_us"]), number(times), number(entry["per_second"]), *latencies,
                     number(entry["mb"]), number(entry["start_s"])])
    return table(["", "CPU µs a request", "times Roost's", "requests a second", "p50 µs", "p99 µs", "MB", "start s"], rows)


def compared_chapter(part, title, setting):
    return [f"\n## {title}\n", setting, " ", stamp(part), "\n", costs(part)]


def simple_chapter(part, title, text, head, row):
    rows = [[name, f"failed: {entry['error'].splitlines()[-1][:100]}", *[""] * (len(head) - 2)] if "error" in entry
            else [name, *row(entry)] for name, entry in part.items()]
    return [f"\n## {title}\n", text, " ", stamp(part), "\n", table(head, rows)]


def latency_row(entry):
    return [number(entry[key]) for key in ("capacity", "rate", "p50_us", "p99_us", "p999_us", "max_us")]


def overload_row(entry):
    statuses = ", ".join(f"{count:,} × {status}" for status, count in sorted(entry["statuses"].items()))
    return [number(entry["capacity"]), number(entry["good_per_second"]), f"{100 * entry['share']:.0f} %",
            number(entry["p99_us"]), statuses, f"{entry['gave_up'] + entry['unanswered']:,}"]


def swaps_row(entry):
    return [f"{entry['bytes']:,}", entry["swaps"], number(1000 * entry["seconds_each"]), number(entry["rate"]),
            *(number(entry[key]) for key in ("quiet_p99_us", "p99_us", "quiet_max_us", "max_us")), entry["failed"]]


def chapters(results):
    found = []
    for part, (title, setting) in TITLES.items():
        if part in results:
            found += compared_chapter(results[part], title, setting)
    if "inline" in results:
        found += simple_chapter(results["inline"], "Without sockets", "Roost routes, parses, scores and formats one row "
                                "of ten numbers and ten words; ONNX Runtime only scores a row of the 20 numbers, through "
                                "its C API.", ["", "ns a row"],
                                lambda entry: [number(entry["nanoseconds"])])
    if "latency" in results:
        found += simple_chapter(results["latency"], "Latency at 70 % load", "Requests come at a constant rate, and their time "
                                "counts from when they were due; the capacity is that of the closed loop.",
                                ["", "capacity, 1/s", "rate, 1/s", "p50 µs", "p99 µs", "p99.9 µs", "most µs"], latency_row)
    if "overload" in results:
        found += simple_chapter(results["overload"], "Too many requests", "A model of which a row takes about 200 µs, at twice "
                                "the capacity, with clients that give up after a second.",
                                ["", "capacity, 1/s", "good, 1/s", "share", "p99 µs of the good", "answers",
                                 "without an answer in time"], overload_row)
    swaps = {f"{name.replace('_', ' ')}": results[name][ROOST] for name in ("swaps", "large_swaps") if name in results}
    if swaps:
        found += simple_chapter(swaps, "New versions under load", "Half the capacity at a constant rate, while one version "
                                "follows another; quiet: before and after that.",
                                ["", "bytes", "swaps", "ms each", "rate, 1/s", "quiet: p99 µs", "p99 µs", "quiet: most µs",
                                 "most µs", "failed"], swaps_row)
    if "memory" in results:
        found += simple_chapter(results["memory"], "Memory", "Of the whole process.",
                                ["", "after", "MB", "after", "MB"],
                                lambda entry: [f"{entry['first']:,}", number(entry["mb_first"]), f"{entry['all']:,}",
                                               number(entry["mb"])])
    if "drain" in results:
        found += simple_chapter(results["drain"], "The end", "SIGTERM under 10,000 requests a second.",
                                ["", "drains", "requests", "failed", "longest s"],
                                lambda entry: [entry["drains"], f"{entry['requests']:,}", entry["failed"],
                                               number(entry["seconds"])])
    if "start" in results:
        found += simple_chapter(results["start"], "The start", "To the first answer.", ["", "starts", "median ms", "most ms"],
                                lambda entry: [entry["starts"], *(number(1000 * entry[key])
                                                                  for key in ("median_s", "max_s"))])
    return found


def bounds(results):
    """(what, bound, measured, whether it is met) for all that was measured."""
    found = []

    def at_most(what, value, bound, unit=""):
        if value is not None:
            found.append((what, f"≤ {bound:g}{unit}", f"{value:.3g}{unit}", value <= bound))

    def at_least(what, value, bound, unit=""):
        if value is not None:
            found.append((what, f"≥ {bound:g}{unit}", f"{value:.3g}{unit}", value >= bound))

    def share_of(part, name):
        times = figure(results, part, name, "times_roost")
        return 1 / times if times else None

    at_most("one row, CPU: of the empty server on the same reactor", share_of("small", peers.EMPTY), 1.2, " ×")
    at_most("one row, CPU: of hand-written axum, same bytes", share_of("small", "axum"), 1, " ×")
    for name, bound in (("granian", 6), ("FastAPI", 25), ("MLServer", 50)):
        at_least(f"one row, CPU: {name} beside Roost", figure(results, "small", name, "times_roost"), bound, " ×")
    at_most("32 rows, CPU: of hand-written axum, same bytes", share_of("rows32", "axum"), 0.75, " ×")
    at_most("multiplexed gRPC, CPU", figure(results, "grpc 8x8", ROOST, "cpu_us"), 9, " µs")
    nanoseconds = figure(results, "inline", ROOST, "nanoseconds")
    at_most("parse, score and format a row of 20 columns", nanoseconds and nanoseconds / 1000, 2.5, " µs")
    p99 = figure(results, "latency", ROOST, "p99_us")
    at_most("p99 at 70 % load", p99 and p99 / 1000, 2, " ms")
    for part, what in (("swaps", "small models"), ("large_swaps", "models of 200 MB")):
        at_most(f"swaps of {what}: p99, of quiet", figure(results, part, ROOST, "times_quiet"), 1.5, " ×")
        at_most(f"swaps of {what}: failed requests", figure(results, part, ROOST, "failed"), 0)
    share = figure(results, "overload", ROOST, "share")
    at_least("twice the capacity: answered in time, of the capacity", share and 100 * share, 90, " %")
    for name in ("swaps", "requests"):
        first, last = (figure(results, "memory", name, key) for key in ("mb_first", "mb"))
        at_most(f"memory after all {name}, of that after a tenth", last / first if first else None, FLAT, " ×")
    at_most("failed requests in drains", figure(results, "drain", ROOST, "failed"), 0)
    seconds = figure(results, "start", ROOST, "median_s")
    at_most("start to first answer", seconds and 1000 * seconds, 200, " ms")
    return found


def page(results):
    parts = ["# What a served prediction costs\n", "Made by `benchmarks/serving/run.py --write`; benchmarks/serving/README.md "
             f"says how, and what is unequal.\n\n{', '.join(results.get('versions', []))}.\n\nA logistic regression over 20 "
             "numbers. The server has one core, the load another; CPU is user and system time of all the server's "
             "processes. Ratios are medians of runs in turn.\n", *chapters(results)]
    rows = [[what, bound, measured, "met" if met else "**missed**"] for what, bound, measured, met in bounds(results)]
    if rows:
        parts += ["\n## Bounds\n\n", table(["what", "bound", "measured", ""], rows, ["---", "--:", "--:", "---"])]
    return "".join(parts)
