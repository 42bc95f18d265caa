"""The page of the results, with every bound and whether it is met."""

MB = 1e6


def table(head, rows, align=None):
    align = align or ["---"] + ["--:"] * (len(head) - 1)
    lines = [head, align, *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def mb(value):
    return f"{value / MB:.1f}"


def percent(part, whole):
    share = 100 * part / whole
    return f"{share:.3f}" if share < 0.1 else f"{share:.2f}" if share < 10 else f"{share:.0f}"


def seconds(value):
    return "" if value is None else f"{value:.2f}"


def later_peak(result):
    return result.get("later_peak", result.get("peak"))


def with_once(result):
    """CPU seconds and peak of a later version, with its share of what is done once after them."""
    return (result["later_cpu"] + (result.get("once_cpu") or 0) / 9,
            max(later_peak(result), result.get("once_peak") or 0))


def chain_table(chain):
    rows = []
    for name, result in chain.items():
        per = (result["ten_bytes"] - result["first_bytes"]) / 9
        once = f" + {seconds(result['once_cpu'])} once" if result.get("once_cpu") else ""
        once_peak = f" + {mb(result['once_peak'])} once" if result.get("once_peak") else ""
        rows.append([name + (" (told the changes)" if result["told"] else ""), mb(result["first_bytes"]),
                     mb(result["ten_bytes"]), percent(max(per, 0), result["first_bytes"]),
                     seconds(result["later_cpu"]) + once, mb(later_peak(result)) + once_peak,
                     *(seconds(result[f"read{version}_cpu"]) for version in (1, 5, 10)),
                     seconds(result.get("diff_wall"))])
    return table(["system", "v1 MB", "ten versions MB", "% a version", "later commit CPU s", "its peak MB", "read v1 CPU s",
                  "v5", "v10", "diff of v9 and v10, s"], rows)


def best_table(chain):
    """Roost beside the best peer of each figure; readers of bytes are no peers of readers of tables."""
    ours = chain["roost"]
    peers = {name: result for name, result in chain.items() if not name.startswith("roost")}
    into_arrow = {name: result for name, result in peers.items()
                  if name.split()[0] in ("Lance", "Delta", "Iceberg") or name == "Parquet files"}
    finding = {name: result for name, result in peers.items()
               if not result["told"] and result["ten_bytes"] < 3 * result["first_bytes"]}
    rows = []
    for what, among, value in (("v1, bytes", peers, lambda result: result["first_bytes"]),
                               ("ten versions, bytes", peers, lambda result: result["ten_bytes"]),
                               ("later commit, CPU, of those that find the changes", finding,
                                lambda result: with_once(result)[0]),
                               ("its peak, of those that find the changes", finding,
                                lambda result: with_once(result)[1]),
                               ("read of v10 into Arrow, CPU", into_arrow, lambda result: result["read10_cpu"])):
        if among:
            best = min(among, key=lambda name: value(among[name]))
            rows.append([what, best, f"{value(ours) / value(among[best]):.2f}"])
    return table(["figure", "best peer", "Roost / best peer"], rows, ["---", "---", "--:"])


def edits_table(edits):
    names = list(edits["roost"]["edits"])
    peers = list(edits)
    rows = []
    for edit in names:
        row = [edit]
        for peer in peers:
            entry = edits[peer]["edits"].get(edit)
            row.append("" if entry is None else percent(entry["bytes"], edits[peer]["first_bytes"]))
        ours = edits["roost"]["edits"][edit]
        row += [seconds(ours["cpu"]), seconds(ours["diff_wall"]),
                percent(ours["back_bytes"], edits["roost"]["first_bytes"])]
        rows.append(row)
    return table(["edit of 1 %", *(f"{peer}, %" for peer in peers), "Roost: CPU s", "diff, s", "going back, %"], rows)


def bounds(results):
    """(what, bound, measured, whether it is met) for all that was measured."""
    found = []

    def at_most(what, value, bound, unit=""):
        found.append((what, f"≤ {bound:g}{unit}", f"{value:.3g}{unit}", value <= bound))

    def at_least(what, value, bound, unit=""):
        found.append((what, f"≥ {bound:g}{unit}", f"{value:.3g}{unit}", value >= bound))

    for name in ("roost", "roost keyed"):
        chain = results.get("chain", {}).get(name)
        if chain:
            at_most(f"{name}: ten versions", chain["ten_bytes"] / MB, 50, " MB")
            at_most(f"{name}: the first", chain["first_bytes"] / MB, 43, " MB")
            at_most(f"{name}: a later commit, whole command", chain["later_cpu"], 1.6, " CPU s")
            at_most(f"{name}: its peak", later_peak(chain) / MB, 300, " MB")
            at_most(f"{name}: full read of v10", chain["read10_cpu"], 0.5, " CPU s")
    limits = {"one cell": 0.15, "delete rows": 0.05, "delete a block": 0.05, "rename a column": 0.01,
              "drop a column": 0.01, "re-sort": 0.01, "shuffle": 6.5}
    free = ("a column x 1.1", "add a column", "unchanged", "widen a column")
    edits = results.get("edits", {}).get("roost")
    if edits:
        for name, entry in edits["edits"].items():
            if name not in free:
                at_most(f"{name}: added", 100 * entry["bytes"] / edits["first_bytes"], limits.get(name, 1.35), " %")
        at_most("diff of 1 % updated rows", edits["edits"]["update rows"]["diff_wall"], 1, " s")
    speed = results.get("speed", {}).get("roost")
    if speed:
        csv = speed["csv_bytes"] / MB
        at_most("§3 chain: ten versions over the first", speed["ten_bytes"] / speed["first_bytes"], 1.15)
        at_most("the first over zstd Parquet", speed["first_bytes"] / speed["parquet_bytes"], 1)
        at_least("full read over Arrow's Parquet reader on one thread", speed["parse_cpu"] / speed["read1_cpu"], 2)
        at_least("read of v10 over that of v1", speed["read1_cpu"] / speed["read10_cpu"], 0.7)
        for what, key, bound in (("first commit", "first_cpu", 110), ("later commit", "later_cpu", 150),
                                 ("unchanged snapshot, with a key that is checked", "unchanged_cpu", 400)):
            at_least(f"{what}, after parsing, MB of CSV a CPU second", csv / max(speed[key] - speed["parse_cpu"], 1e-3),
                     bound)
    if speed and edits:
        cpu = max(edits["edits"]["unchanged"]["cpu"] - speed["parse_cpu"], 1e-3)
        at_least("unchanged snapshot, after parsing, MB of CSV a CPU second", speed["csv_bytes"] / MB / cpu, 400)
    for name, entry in results.get("tables", {}).items():
        at_most(f"{name}: {entry['edit']}, added", 100 * entry["added_bytes"] / entry["first_bytes"], 1.5 * 1.35, " %")
        at_most(f"{name}: the first over zstd Parquet", entry["first_bytes"] / entry["parquet_bytes"], 1.5)
    flights = results.get("flights", {}).get("flights")
    if flights:
        at_most("flights: 1 % of one column, added", 100 * flights["edit_bytes"] / flights["total_bytes"], 1.35, " %")
    return found


def speed_table(speed):
    csv = speed["csv_bytes"] / MB
    rows = [["start of the program", seconds(speed["start_cpu"]), ""],
            ["Arrow reads the Parquet file, one thread, in its process", seconds(speed["parse_cpu"]), ""]]
    for name, key in (("first commit from Parquet", "first_cpu"), ("later commit, 1 % updated", "later_cpu"),
                      ("unchanged snapshot", "unchanged_cpu")):
        rows.append([name, seconds(speed[key]), f"{csv / max(speed[key] - speed['parse_cpu'], 1e-3):.0f}"])
    rows += [["read v1, all columns", seconds(speed["read1_cpu"]), ""],
             ["read v10, nine patches deep", seconds(speed["read10_cpu"]), ""],
             ["read v10, one column", seconds(speed["column_cpu"]), ""],
             ["read v10, 1 % of the keys", seconds(speed["key_range_cpu"]), ""]]
    return table(["whole command", "CPU s", "MB of CSV a CPU s, after parsing"], rows)


def stamp(part):
    """When and on what; apart for what was measured apart."""
    measured = {}
    for name, entry in part.items():
        when = f"{entry['measured']}, {entry['rows']:,} rows, seed {entry['seed']}"
        when += f", {entry['machine']}" if "machine" in entry else ""
        measured.setdefault(when, []).append(name)
    if len(measured) == 1:
        return f"Measured {next(iter(measured))}.\n"
    return "Measured " + "; ".join(f"{when} ({', '.join(names)})" for when, names in measured.items()) + ".\n"


def page(results):
    parts = ["# What versions cost\n",
             "Made by `benchmarks/store/run.py --write`; benchmarks/store/README.md says how."
             f"{' ' + results['machine'] + '.' if 'machine' in results else ''}\n",
             f"{', '.join(results.get('versions', []))}.\n"]
    if "chain" in results:
        parts += ["\n## Ten versions\n",
                  "Each version has 1 % of the rows updated, 0.5 % inserted and 0.5 % deleted. Peers get the whole new "
                  "snapshot, as Roost does, unless they are told the changes. CPU of programs is that of the whole "
                  "command; of libraries (Lance, Delta, Iceberg, Parquet) that of the call, without starting Python. "
                  "Roost, Lance, Delta, Iceberg and Parquet are read into Arrow; the others give the bytes of a file "
                  "that is still to be parsed. git is repacked after the first and after the last version: once.\n",
                  stamp(results["chain"]), "\n", chain_table(results["chain"])]
        if "roost" in results["chain"] and len(results["chain"]) > 1:
            parts += ["\n", best_table(results["chain"])]
    if "edits" in results and "roost" in results["edits"]:
        parts += ["\n## One edit\n", "Bytes added to v1, in % of each one's own v1 (Roost's without the profile of the "
                  "newest version, which takes the place of the one before and may be lost). A column x 1.1 and a new column "
                  "are new values in every row. Going back: v1 handed in again after the edit. git is repacked before and "
                  "after. Git LFS, DVC and Lance overwrite keep each snapshot whole, as Parquet files do. Empty: the "
                  "edit changes no row but columns or their order, of which the peer would have to be told otherwise. "
                  "Lance finding keeps no new order of rows: its re-sort and shuffle are no versions of that order.\n",
                  stamp(results["edits"]), "\n", edits_table(results["edits"])]
    if "speed" in results:
        parts += ["\n## Speed\n", "A chain of ten versions with 1 % of the rows updated each, with a declared key. The least of "
                  f"{results['speed']['roost']['runs']} runs, for Arrow as for Roost.\n",
                  stamp(results["speed"]), "\n", speed_table(results["speed"]["roost"])]
    if "tables" in results:
        rows = [[name, mb(entry["parquet_bytes"]), mb(entry["first_bytes"]), entry["edit"],
                 percent(entry["added_bytes"], entry["first_bytes"]), seconds(entry["first_cpu"]),
                 seconds(entry["later_cpu"])] for name, entry in results["tables"].items()]
        parts += ["\n## Other tables\n", stamp(results["tables"]), "\n",
                  table(["table", "zstd Parquet MB", "v1 MB", "edit", "added, %", "first CPU s", "later CPU s"], rows)]
    if "flights" in results:
        flights = results["flights"]["flights"]
        rows = [[number + 1, f"{month['rows']:,}", mb(month["bytes"]), mb(month["parquet_bytes"]), seconds(month["cpu"])]
                for number, month in enumerate(flights["months"])]
        parts += ["\n## Flights, month by month\n", "Each version is the whole table with one more month.\n\n",
                  table(["month", "new rows", "added MB", "the snapshot as zstd Parquet MB", "CPU s"], rows),
                  f"\nThen 1 % of the delays changed: {percent(flights['edit_bytes'], flights['total_bytes'])} % "
                  "added.\n"]
    if "folder" in results:
        rows = [[name, mb(entry["first_bytes"]), seconds(entry["first_wall"]), seconds(entry["first_cpu"]),
                 f"{entry['first_peak'] / MB:.0f}", seconds(entry["unchanged_wall"]), seconds(entry["unchanged_cpu"]),
                 seconds(entry["one_wall"]), f"{entry['one_bytes'] / 1000:.1f}"]
                for name, entry in results["folder"].items()]
        one = next(iter(results["folder"].values()))
        parts += ["\n## A folder of files\n",
                  f"{one['rows'] // 10:,} text files of 200 bytes to 20 KB, {mb(one['bytes'])} MB; given again unchanged, "
                  "and with one line more in one of them. Whole commands; git with repacking after the first.\n",
                  stamp(results["folder"]), "\n",
                  table(["system", "stored MB", "first s", "CPU s", "peak MB", "unchanged s", "CPU s", "one changed s",
                         "it added kB"], rows)]
    if "csv" in results:
        rows = [[name, f"{entry['bytes']:,}", f"`{entry['sha256']}`"] for name, entry in results["csv"].items()]
        parts += ["\n## Tables\n\n", table(["table as CSV", "bytes", "SHA-256"], rows, ["---", "--:", "---"])]
    rows = [[what, bound, measured, "met" if met else "**missed**"] for what, bound, measured, met in bounds(results)]
    if rows:
        parts += ["\n## Bounds\n\n", table(["what", "bound", "measured", ""], rows, ["---", "--:", "--:", "---"])]
    return "".join(parts)
