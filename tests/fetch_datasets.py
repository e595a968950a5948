#!/usr/bin/env python3
"""Tests of scripts/fetch-datasets against a local server: `python3 tests/fetch_datasets.py`. No network, no data."""

import contextlib
import errno
import hashlib
import http.server
import importlib.machinery
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import tomllib
import unittest
import zipfile
from pathlib import Path
from unittest import mock

REPOSITORY = Path(__file__).resolve().parent.parent
SCRIPT = REPOSITORY / "scripts" / "fetch-datasets"
LOG = b"".join(b"081109 203615 %d INFO dfs.DataNode: Received block blk_%d\n" % (i, i * 7919) for i in range(3000))
LABELS = b"BlockId,Label\nblk_7919,Normal\n"
MEMBERS = {"HDFS.log": LOG, "preprocessed/anomaly_label.csv": LABELS, "README.md": b"not asked for\n"}


def zip_of(members):
    """A zip of name -> bytes, or of ZipInfo -> bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tar_of(members, links=()):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for name, target in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return buffer.getvalue()


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`; `plan` holds what to do instead, one entry a request: a status, "no range", "other range",
    or a number of bytes after which the connection breaks."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.plan, self.requests = {}, [], []
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name, asked = self.path.rpartition("/")[2].partition("?")[0], self.headers.get("Range")
        self.server.requests.append((name, asked))
        todo = self.server.plan.pop(0) if self.server.plan else None
        body = self.server.files.get(name)
        if body is None or (isinstance(todo, int) and 400 <= todo < 600):
            self.send_error(404 if body is None else todo)
            return
        start, total = 0, len(body)
        if asked and todo != "no range":
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= total:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{total}")
                self.end_headers()
                return
            start -= 1 if todo == "other range" else 0
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        else:
            self.send_response(200)
        rest = body[start:]
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[:todo] if isinstance(todo, int) else rest)

    def log_message(self, *_):
        pass


class FetchTest(unittest.TestCase):
    def setUp(self):
        self.home = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.root = self.home / "data"
        (self.home / "scripts").mkdir()
        (self.home / "datasets").mkdir()
        # A copy looks beside itself for the catalogue, so it finds the test's one.
        self.script = Path(shutil.copy(SCRIPT, self.home / "scripts"))
        self.server = Server()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def offer(self, body, archive="tiny.zip", kind="zip", files=tuple(MEMBERS)[:2], name="Tiny", **facts):
        """Puts an archive on the server and its description into the catalogue."""
        self.server.files[archive] = body
        facts = {"size": len(body), "md5": hashlib.md5(body).hexdigest()} | facts
        values = {"url": f"{self.server.url}/deep/{archive}?download=1", "archive": kind, "files": list(files)} | facts
        lines = [f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None]
        words = {"description": "a small one", "licence": "research only", "citation": "Nobody 2026", "homepage": "x"}
        head = [f"{key} = {json.dumps(value)}" for key, value in words.items()]
        (self.home / "datasets" / f"{name}.toml").write_text("\n".join([*head, "[[fetch]]", *lines]))

    def fetch(self, *arguments, code=0):
        """Runs the script, checks its exit code, returns what it said."""
        env = os.environ | {"no_proxy": "127.0.0.1", "DEEPLOG_DATA": str(self.root)}
        call = [sys.executable, self.script, *arguments]
        done = subprocess.run(call, env=env, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        return done.stdout + done.stderr

    def module(self):
        """The script as a module, for what only a patched function can bring about."""
        loader = importlib.machinery.SourceFileLoader("fetch_datasets_script", str(self.script))
        module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
        with mock.patch.object(sys, "dont_write_bytecode", True):
            loader.exec_module(module)
        return module

    def call(self, script):
        """Runs the module, which must fail; returns what it said."""
        with mock.patch.dict(os.environ, no_proxy="127.0.0.1"), contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(script.main(["Tiny", "--root", str(self.root)]), 1)
        return said.getvalue()

    def left(self):
        """Every file below the root, but for the records."""
        files = (path.relative_to(self.root) for path in self.root.rglob("*") if not path.is_dir())
        return sorted(str(path) for path in files if path.name != ".fetched.json")

    def assert_tiny(self):
        self.assertEqual((self.root / "Tiny/HDFS.log").read_bytes(), LOG)
        self.assertEqual((self.root / "Tiny/preprocessed/anomaly_label.csv").read_bytes(), LABELS)
        self.assertEqual(self.left(), ["Tiny/HDFS.log", "Tiny/preprocessed/anomaly_label.csv"])

    def test_a_zip_is_fetched_and_unpacked(self):
        self.offer(zip_of(MEMBERS))
        said = self.fetch("Tiny")
        self.assert_tiny()
        self.assertIn("research only", said)
        self.assertIn("Nobody 2026", said)
        self.assertNotIn("checksum", said)

    def test_a_tar_is_fetched_and_its_patterns_stay_in_their_folder(self):
        members = {"./job_1/a.log": b"a\n", "./job_1/b.log/b": b"b\n", "./job_2/a.log": b"c\n", "./labels.txt": b""}
        self.offer(tar_of(members), "tiny.tar.gz", "tar.gz", ["job_*/*.log", "labels.txt"])
        self.fetch("Tiny")
        self.assertEqual(self.left(), ["Tiny/job_1/a.log", "Tiny/job_2/a.log", "Tiny/labels.txt"])
        self.assertEqual((self.root / "Tiny/job_2/a.log").read_bytes(), b"c\n")

    def test_a_file_that_is_no_archive_is_kept_as_it_is(self):
        self.offer(LOG, "spirit2.gz", "none", ["spirit2.gz"])
        self.fetch("Tiny")
        self.assertEqual((self.root / "Tiny/spirit2.gz").read_bytes(), LOG)
        self.assertEqual(self.left(), ["Tiny/spirit2.gz"])

    def test_what_is_there_is_not_fetched_again_unless_it_lost_its_size(self):
        self.offer(zip_of(MEMBERS))
        self.fetch("Tiny")
        self.assertIn("already there", self.fetch("Tiny"))
        self.assertEqual(len(self.server.requests), 1)
        (self.root / "Tiny/HDFS.log").write_bytes(b"cut")
        (self.root / "Tiny/notes.txt").write_bytes(b"mine")
        self.fetch("Tiny")
        self.assertEqual(len(self.server.requests), 2)
        self.assertEqual((self.root / "Tiny/HDFS.log").read_bytes(), LOG)
        self.assertEqual((self.root / "Tiny/notes.txt").read_bytes(), b"mine")

    def test_a_new_checksum_in_the_catalogue_means_a_new_download(self):
        self.offer(zip_of(MEMBERS))
        self.fetch("Tiny")
        self.offer(zip_of(MEMBERS | {"HDFS.log": b"a new edition\n"}))
        self.fetch("Tiny")
        self.assertEqual((self.root / "Tiny/HDFS.log").read_bytes(), b"a new edition\n")

    def test_a_kept_archive_is_used_again(self):
        self.offer(zip_of(MEMBERS))
        self.fetch("Tiny", "--keep-archive")
        shutil.rmtree(self.root / "Tiny")
        self.fetch("Tiny")
        self.assertEqual(len(self.server.requests), 1)
        self.assertEqual(self.left(), ["Tiny/HDFS.log", "Tiny/preprocessed/anomaly_label.csv", "tiny.zip"])

    def test_a_mirror_takes_the_place_of_the_address(self):
        self.offer(zip_of(MEMBERS), url="http://nowhere.invalid/records/1/files/tiny.zip?download=1")
        self.fetch("Tiny", "--base-url", self.server.url + "/mirror/")
        self.assert_tiny()

    def test_without_a_known_checksum_the_seen_one_is_told(self):
        body = zip_of(MEMBERS)
        self.offer(body, size=None, md5=None)
        said = self.fetch("Tiny")
        self.assertIn(f'sha256 = "{hashlib.sha256(body).hexdigest()}"', said)
        self.assertIn(f"size = {len(body)}", said)

    def test_list_names_every_dataset(self):
        self.offer(zip_of(MEMBERS))
        self.assertRegex(self.fetch("--list"), r"^Tiny\t0\.\d MiB\ta small one\n$")

    def test_a_broken_download_is_resumed(self):
        body = zip_of(MEMBERS)
        self.offer(body)
        self.server.plan = [len(body) // 2]
        self.assertIn("the connection broke", self.fetch("Tiny"))
        self.assert_tiny()
        self.assertEqual(self.server.requests, [("tiny.zip", None), ("tiny.zip", f"bytes={len(body) // 2}-")])

    def test_the_part_of_an_earlier_call_is_resumed(self):
        body = zip_of(MEMBERS)
        self.offer(body)
        self.root.mkdir()
        (self.root / "tiny.zip.part").write_bytes(body[:1000])
        self.fetch("Tiny")
        self.assert_tiny()
        self.assertEqual(self.server.requests, [("tiny.zip", "bytes=1000-")])

    def test_a_server_that_ignores_ranges_is_read_from_the_start(self):
        body = zip_of(MEMBERS)
        self.offer(body)
        self.server.plan = [len(body) // 2, "no range"]
        self.assertIn("does not resume", self.fetch("Tiny"))
        self.assert_tiny()

    def test_a_server_that_sends_another_range_is_not_believed(self):
        body = zip_of(MEMBERS)
        self.offer(body)
        self.server.plan = [len(body) // 2, "other range"]
        self.assertIn("another range", self.fetch("Tiny"))
        self.assert_tiny()

    def test_a_complete_part_of_unknown_size_is_recognised(self):
        body = zip_of(MEMBERS)
        self.offer(body, size=None)
        self.root.mkdir()
        (self.root / "tiny.zip.part").write_bytes(body)
        self.fetch("Tiny")
        self.assertEqual(self.server.requests, [("tiny.zip", f"bytes={len(body)}-")])

    def test_a_part_that_is_too_long_is_started_anew(self):
        for size in (None, len(zip_of(MEMBERS))):
            with self.subTest(size=size):
                self.offer(zip_of(MEMBERS), size=size)
                shutil.rmtree(self.root, ignore_errors=True)
                self.root.mkdir()
                (self.root / "tiny.zip.part").write_bytes(zip_of(MEMBERS) + b"more")
                self.fetch("Tiny")
                self.assert_tiny()

    def test_a_busy_server_is_asked_again(self):
        self.offer(zip_of(MEMBERS))
        self.server.plan = [503]
        self.assertIn("503", self.fetch("Tiny"))
        self.assert_tiny()

    def test_a_missing_file_is_not_asked_for_twice(self):
        self.offer(zip_of(MEMBERS))
        self.server.files.clear()
        said = self.fetch("Tiny", code=1)
        self.assertIn("error: Tiny:", said)
        self.assertIn("404", said)
        self.assertIn("hint: ", said)
        self.assertEqual(len(self.server.requests), 1)
        self.assertEqual(self.left(), [])

    def test_giving_up_keeps_what_came(self):
        self.offer(zip_of(MEMBERS))
        self.server.plan = [1000] * 6 + [503] * 9
        script = self.module()
        with mock.patch.object(script.time, "sleep") as sleep:
            said = self.call(script)
        self.assertIn("6000 bytes are kept", said)
        self.assertEqual([call.args[0] for call in sleep.call_args_list], [0.5] * 6 + [1, 2, 4])
        self.assertEqual(self.left(), ["tiny.zip.part"])

    def test_a_wrong_checksum_deletes_the_file(self):
        for fact in ("md5", "sha256"):
            with self.subTest(fact=fact):
                self.offer(zip_of(MEMBERS), **{fact: "0" * 32})
                said = self.fetch("Tiny", code=1)
                self.assertRegex(said, f"{fact} is [0-9a-f]+, expected 0+; the file was deleted")
                self.assertEqual(self.left(), [])

    def test_a_wrong_size_is_told_before_the_download(self):
        self.offer(zip_of(MEMBERS), size=12)
        self.assertRegex(self.fetch("Tiny", code=1), r"the server offers \d+ bytes, expected 12")
        self.assertEqual(self.left(), [])

    def test_a_page_instead_of_an_archive_is_damaged(self):
        for kind in ("zip", "tar.gz"):
            with self.subTest(kind=kind):
                self.offer(b"<html>please log in</html>", kind=kind, size=None, md5=None)
                self.assertIn("is damaged", self.fetch("Tiny", code=1))
                self.assertEqual(self.left(), [])

    def test_a_tar_that_was_cut_is_damaged(self):
        self.offer(tar_of(MEMBERS)[:-2000], "tiny.tar.gz", "tar.gz")
        self.assertIn("is damaged", self.fetch("Tiny", code=1))
        self.assertEqual(self.left(), [])

    def test_a_path_that_leads_out_is_refused(self):
        for evil in ("../evil.log", "/evil.log", "a/../../evil.log", "..\\evil.log"):
            for kind, make in (("zip", zip_of), ("tar.gz", tar_of)):
                with self.subTest(evil=evil, kind=kind):
                    self.offer(make(MEMBERS | {evil: b"evil"}), f"tiny.{kind}", kind, [*MEMBERS, "*.log", "*/*.log"])
                    self.assertIn("unsafe path", self.fetch("Tiny", code=1))
                    self.assertEqual(self.left(), [])
                    self.assertEqual(list(self.home.rglob("*evil*")), [])

    def test_a_link_is_refused(self):
        info = zipfile.ZipInfo("HDFS.log")
        info.external_attr = 0o120777 << 16
        labels = {"preprocessed/anomaly_label.csv": LABELS}
        tar = tar_of(labels, links=[("HDFS.log", "/etc/passwd")])
        for kind, body in (("zip", zip_of({info: b"/etc/passwd"} | labels)), ("tar.gz", tar)):
            with self.subTest(kind=kind):
                self.offer(body, f"tiny.{kind}", kind)
                self.assertIn("as a link", self.fetch("Tiny", code=1))
                self.assertEqual(self.left(), [])

    def test_a_member_that_comes_twice_is_refused(self):
        self.offer(tar_of({"HDFS.log": LOG, "./HDFS.log": b"another\n"}), "tiny.tar.gz", "tar.gz", ["HDFS.log"])
        self.assertIn("twice", self.fetch("Tiny", code=1))
        self.assertEqual(self.left(), [])

    def test_a_missing_member_is_named_and_the_archive_kept(self):
        self.offer(zip_of({"HDFS.log": LOG}))
        self.assertIn("holds no preprocessed/anomaly_label.csv", self.fetch("Tiny", code=1))
        self.assertEqual(self.left(), ["tiny.zip.part"])

    def test_an_unknown_name_is_a_wrong_call(self):
        self.offer(zip_of(MEMBERS))
        said = self.fetch("Tyni", code=2)
        self.assertIn("unknown dataset 'Tyni'; did you mean Tiny?", said)
        self.assertEqual(self.server.requests, [])
        self.fetch(code=2)
        self.fetch("Tiny", "--base-url", "file:///etc", code=2)

    def test_one_failure_does_not_stop_the_others(self):
        self.offer(zip_of(MEMBERS), name="Bad", archive="bad.zip", md5="0" * 32)
        self.offer(zip_of(MEMBERS))
        self.fetch("Bad", "Tiny", code=1)
        self.assert_tiny()

    def test_a_root_that_is_a_file_is_one_clear_line(self):
        self.offer(zip_of(MEMBERS))
        self.root.write_bytes(b"")
        self.assertRegex(self.fetch("Tiny", code=1), r"error: [^\n]+\nhint: check ")

    def test_a_full_disk_leaves_only_the_part(self):
        self.offer(zip_of(MEMBERS))
        script = self.module()
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        with mock.patch.object(script.shutil, "copyfileobj", side_effect=full):
            said = self.call(script)
        self.assertIn("error: No space left on device\nhint: free some space", said)
        self.assertEqual(self.left(), ["tiny.zip.part"])


class CatalogueTest(unittest.TestCase):
    def test_every_dataset_can_be_used(self):
        paths = sorted((REPOSITORY / "datasets").glob("*.toml"))
        self.assertGreaterEqual(len(paths), 17)
        for path in paths:
            with self.subTest(dataset=path.stem):
                dataset = tomllib.loads(path.read_text(encoding="utf-8"))
                self.assertEqual(dataset["name"], path.stem)
                fields = set(re.findall(r"<([^<>]+)>", dataset["header"]["format"]))
                self.assertIn("Content", fields)
                self.assertLessEqual(set(dataset["time"]["fields"]), fields)
                self.assertIn(dataset["session"]["by"], ("identifier", "stream", "time", "count"))
                for table in (dataset["session"], dataset.get("labels", {})):
                    self.assertIn(table.get("field", "Content"), fields)
                for entry in dataset["fetch"]:
                    self.assertIn(entry["archive"], ("zip", "tar.gz", "none"))
                    self.assertTrue(entry["files"])
                    self.assertRegex(entry["url"], r"^https?://")
                    self.assertRegex(entry.get("md5", "0" * 32), r"^[0-9a-f]{32}$")
                    self.assertRegex(entry.get("sha256", "0" * 64), r"^[0-9a-f]{64}$")


if __name__ == "__main__":
    unittest.main()
