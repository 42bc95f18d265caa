"""Peers that are Python libraries: one action on a table in a folder; prints wall, CPU and peak of the action alone.

usage: libraries.py LIBRARY ACTION ARGUMENT...
"""
import json
import os
import resource
import sys
import time

import pyarrow as pa
import pyarrow.parquet as parquet

KEY = "key"


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def parquet_actions():
    def read(path):
        parquet.read_table(path)

    def read_one_thread(path):
        pa.set_cpu_count(1)
        parquet.read_table(path, use_threads=False)

    return {"read": read, "read one thread": read_one_thread}


def lance_actions():
    import lance

    def create(folder, path):
        lance.write_dataset(parquet.read_table(path), f"{folder}/t.lance")

    def overwrite(folder, path):
        lance.write_dataset(parquet.read_table(path), f"{folder}/t.lance", mode="overwrite")

    def told(folder, _, upserts, deletes):
        rows, gone = parquet.read_table(upserts), parquet.read_table(deletes)[KEY].to_pylist()
        table = lance.dataset(f"{folder}/t.lance")
        if rows.num_rows:
            table.merge_insert(KEY).when_matched_update_all().when_not_matched_insert_all().execute(rows)
        if gone:
            lance.dataset(f"{folder}/t.lance").delete(f"{KEY} IN ({', '.join(map(str, gone))})")
        tag(folder)

    def find(folder, path):
        rows = parquet.read_table(path)
        differs = " OR ".join(f"target.{name} != source.{name}" for name in rows.column_names if name != KEY)
        (lance.dataset(f"{folder}/t.lance").merge_insert(KEY).when_matched_update_all(condition=differs)
         .when_not_matched_insert_all().when_not_matched_by_source_delete().execute(rows))
        tag(folder)

    def tag(folder):
        # One of ours may be several of Lance's.
        with open(f"{folder}/versions", "a", encoding="utf-8") as file:
            file.write(f"{lance.dataset(f'{folder}/t.lance').version}\n")

    def read(folder, version):
        try:
            with open(f"{folder}/versions", encoding="utf-8") as file:
                known = [1, *map(int, file.read().split())]
        except FileNotFoundError:
            known = list(range(1, int(version) + 1))
        lance.dataset(f"{folder}/t.lance", version=known[int(version) - 1]).to_table()

    return {"create": create, "overwrite": overwrite, "told": told, "find": find, "read": read}


def delta_actions():
    from deltalake import DeltaTable, write_deltalake

    def create(folder, path):
        write_deltalake(f"{folder}/t", parquet.read_table(path))

    def told(folder, _, upserts, deletes):
        # One merge for both: each one rewrites every file that has a row of it.
        rows, keys = parquet.read_table(upserts), parquet.read_table(deletes)
        changes = pa.concat_tables([rows.append_column("gone", pa.repeat(False, rows.num_rows)),
                                    keys.append_column("gone", pa.repeat(True, keys.num_rows))],
                                   promote_options="default")
        (DeltaTable(f"{folder}/t")
         .merge(changes, f"s.{KEY} = t.{KEY}", source_alias="s", target_alias="t")
         .when_matched_delete("s.gone")
         .when_matched_update_all("NOT s.gone", except_cols=["gone"])
         .when_not_matched_insert_all("NOT s.gone", except_cols=["gone"]).execute())

    def read(folder, version):
        DeltaTable(f"{folder}/t", version=int(version) - 1).to_pyarrow_table()

    return {"create": create, "told": told, "read": read}


def iceberg_actions():
    from pyiceberg.catalog.sql import SqlCatalog

    def catalog(folder):
        return SqlCatalog("c", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/w")

    def create(folder, path):
        rows = parquet.read_table(path)
        made = catalog(folder)
        made.create_namespace("n")
        made.create_table("n.t", schema=rows.schema).append(rows)
        tag(folder)

    def told(folder, _, upserts, deletes):
        from pyiceberg.expressions import In
        # One overwrite for both: upsert and delete by themselves rewrite every file twice.
        rows = parquet.read_table(upserts)
        keys = rows[KEY].to_pylist() + parquet.read_table(deletes)[KEY].to_pylist()
        catalog(folder).load_table("n.t").overwrite(rows, overwrite_filter=In(KEY, keys))
        tag(folder)

    def tag(folder):
        # One of ours may be several of Iceberg's.
        with open(f"{folder}/versions", "a", encoding="utf-8") as file:
            file.write(f"{catalog(folder).load_table('n.t').current_snapshot().snapshot_id}\n")

    def read(folder, version):
        with open(f"{folder}/versions", encoding="utf-8") as file:
            wanted = int(file.read().split()[int(version) - 1])
        catalog(folder).load_table("n.t").scan(snapshot_id=wanted).to_arrow()

    return {"create": create, "told": told, "read": read}


def main():
    actions = {"parquet": parquet_actions, "lance": lance_actions, "delta": delta_actions,
               "iceberg": iceberg_actions}[sys.argv[1]]()
    began, used = time.perf_counter(), cpu()
    actions[sys.argv[2]](*sys.argv[3:])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps([time.perf_counter() - began, cpu() - used, peak]), flush=True)
    os._exit(0)  # the libraries' threads end with the process: one of them fails when it is ended before


if __name__ == "__main__":
    main()
