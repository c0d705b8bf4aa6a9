"""A take-out as its receiver reads it."""

import csv
import io
import json
import zipfile

ADDRESS = "/api/v1/accounts/account/take-out/"


class TakeOut:
    """The files of an answer, as a program that has never heard of us reads them."""

    def __init__(self, content):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.testzip() is None
            self.files = {name: archive.read(name) for name in archive.namelist()}
            assert len(self.files) == len(archive.namelist())
        self.manifest = json.loads(self.files["manifest.json"])

    def rows(self, table):
        text = self.files[f"{table}.csv"].decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def objects(self, table):
        return json.loads(self.files[f"{table}.json"])

    @property
    def tables(self):
        names = {name.removesuffix(".json") for name in self.files if name.endswith(".json") and "/" not in name}
        return names - {"manifest"}


def take_out(shop, member=None):
    response = shop.client(member).get(ADDRESS)
    assert response.status_code == 200, response.content
    return TakeOut(response.getvalue())
