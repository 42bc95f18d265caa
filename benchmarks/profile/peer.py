#!/usr/bin/env python3
"""One peer in a process of its own: peer.py NAME FILE, where FILE is Parquet or CSV, or `-` to do no more than start.

Each does what its own documentation shows first for "statistics of this table", for all columns, and throws the result
away after it is there. Nothing is sampled.
"""
import pathlib
import sys
import warnings


def pandas(path):
    import pandas as pd
    if path:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
        return frame.describe(include="all")


def polars(path):
    import polars as pl
    if path:
        frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, try_parse_dates=True)
        texts = [name for name, kind in frame.schema.items() if kind == pl.String]
        return (frame.describe(), frame.select(pl.all().approx_n_unique()),
                [frame[name].value_counts(sort=True).head(20) for name in texts])


def duckdb(path):
    import duckdb as duck
    if path:
        return duck.sql(f"SUMMARIZE SELECT * FROM '{path}'").fetchall()


def tfdv(path):
    import tensorflow_data_validation as validation
    if path:
        if path.suffix == ".csv":
            return validation.generate_statistics_from_csv(str(path))
        import pandas as pd
        return validation.generate_statistics_from_dataframe(pd.read_parquet(path))


def whylogs(path):
    import pandas as pd
    import whylogs as why
    if path:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
        return why.log(frame).view().to_pandas()


def great_expectations(path):
    """Ten expectations for each column would be its user's work; these are those of its quickstart for one."""
    import great_expectations as gx
    import pandas as pd
    if path:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
        context = gx.get_context(mode="ephemeral")
        asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("table")
        batch = asset.add_batch_definition_whole_dataframe("all")
        expect = gx.expectations
        suite = context.suites.add(gx.ExpectationSuite(name="suite"))
        for name in frame.columns:
            suite.add_expectation(expect.ExpectColumnValuesToNotBeNull(column=name))
            suite.add_expectation(expect.ExpectColumnUniqueValueCountToBeBetween(column=name, min_value=1))
            if pd.api.types.is_numeric_dtype(frame[name]):
                suite.add_expectation(expect.ExpectColumnMeanToBeBetween(column=name, min_value=-1e12, max_value=1e12))
                suite.add_expectation(expect.ExpectColumnStdevToBeBetween(column=name, min_value=0, max_value=1e12))
        definition = context.validation_definitions.add(gx.ValidationDefinition(name="all", data=batch, suite=suite))
        return definition.run(batch_parameters={"dataframe": frame})


def ydata(path):
    import pandas as pd
    from ydata_profiling import ProfileReport
    if path:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
        return ProfileReport(frame, minimal=True, progress_bar=False).to_html()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    globals()[sys.argv[1]](None if sys.argv[2] == "-" else pathlib.Path(sys.argv[2]))
