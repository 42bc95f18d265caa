"""The peers: the environment that each runs in, what it computes, and how its process is started."""
import collections
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
ENVIRONMENTS = HERE.parents[1] / ".deps/benchmarks-profile"

Peer = collections.namedtuple("Peer", "function environment computes")

PEERS = {
    "DuckDB SUMMARIZE": Peer("duckdb", "frames", "least, greatest, distinct (estimate), mean, deviation, quartiles "
                                                 "(estimates), nulls"),
    "polars describe": Peer("polars", "frames", "count, nulls, mean, deviation, least, quartiles, greatest; with "
                                                "approx_n_unique and value_counts of texts: distinct (estimate), top "
                                                "values"),
    "pandas describe": Peer("pandas", "frames", "count, mean, deviation, least, quartiles, greatest; of texts count, "
                                                "distinct, the top value"),
    "TFDV": Peer("tfdv", "tfdv", "count, missing, mean, deviation, zeros, least, median, greatest, two histograms, "
                                 "distinct (estimate), top values, lengths"),
    "whylogs": Peer("whylogs", "whylogs", "count, types, nulls, NaN, mean, deviation, quantiles, distinct (estimate), "
                                          "frequent items"),
    "Great Expectations": Peer("great_expectations", "great", "passed or not: not null, distinct count, mean and "
                                                              "deviation within bounds"),
    "ydata-profiling (minimal)": Peer("ydata", "ydata", "count, missing, distinct, mean, deviation, quantiles, "
                                                        "skewness, kurtosis, histogram, top values; an HTML report"),
}
ROOST_COMPUTES = ("count, missing, zeros, NaN, infinities, least, greatest, mean and deviation (exact sums), 101 "
                  "percentiles, histogram, skewness, kurtosis, distinct, top values, lengths, patterns; mergeable and the "
                  "same bytes for any split")


def command(name, path, environments):
    """The command that runs the peer on a file, or, without one, only starts it."""
    peer = PEERS[name]
    python = environments / peer.environment / "bin/python"
    return [python, HERE / "peer.py", peer.function, path or "-"]


def missing(name, environments):
    return not (environments / PEERS[name].environment / "bin/python").exists()
