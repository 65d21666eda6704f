"""A server on loopback that speaks the part of the Hub's HTTP API that clients use to publish and to load.

Repositories live in memory: each has branches, a branch is a list of commits, a commit is a whole tree of files.
Weights go through the LFS protocol, all else inside the commit, as on the Hub. Requests can be made to fail.
"""

import base64
import hashlib
import io
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

LFS_SUFFIXES = (".safetensors", ".bin", ".parquet", ".onnx", ".wasm")
KINDS = {"models": "model", "datasets": "dataset", "spaces": "space"}
# So few files a page of a folder's listing that clients have to ask for the next one.
TREE_PAGE = 20


@dataclass
class Commit:
    """One state of a repository."""

    oid: str
    files: dict[str, bytes]
    message: str


@dataclass
class Repository:
    """Branches of commits, the newest last."""

    private: bool
    branches: dict[str, list[Commit]] = field(default_factory=dict)
    sdk: str | None = None
    variables: dict[str, str] = field(default_factory=dict)

    def find(self, revision: str) -> Commit | None:
        """The commit that a branch's name or a commit's id stands for."""
        if revision in self.branches:
            return self.branches[revision][-1]
        commits = (commit for branch in self.branches.values() for commit in branch)
        return next((commit for commit in commits if commit.oid == revision), None)

    def add(self, branch: str, files: dict[str, bytes], message: str) -> Commit:
        """Put a new state on a branch."""
        history = self.branches.setdefault(branch, [])
        digest = hashlib.sha1(repr((branch, len(history), message, sorted(files))).encode()).hexdigest()
        history.append(Commit(digest, files, message))
        return history[-1]


@dataclass
class Fault:
    """What goes wrong with some request.

    Args:
        pattern: looked for in `METHOD /path`.
        nth: which of the requests that match; it goes wrong with that one only.
        status: the answer; `None` closes the connection without one.
        done: do what was asked before that, so that only the answer is lost.
    """

    pattern: str
    nth: int = 1
    status: int | None = None
    done: bool = False
    seen: int = 0

    def strikes(self, request: str) -> bool:
        """Count a request that matches; tell whether it is the one."""
        if not re.search(self.pattern, request):
            return False
        self.seen += 1
        return self.seen == self.nth


class HubServer:
    """Runs in a thread; use it as a context.

    Args:
        tokens: which token belongs to which user; a user may write to `USER/…` and read private repositories there.
    """

    def __init__(self, tokens: dict[str, str]) -> None:
        self.tokens = tokens
        self.reset()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.hub = self  # type: ignore[attr-defined]

    def reset(self) -> None:
        """Forget all repositories, requests and faults."""
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.objects: dict[str, bytes] = {}
        self.requests: list[tuple[str, str]] = []
        self.faults: list[Fault] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "HubServer":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    # (method, pattern of the path, name of the method that answers)
    ROUTES = (
        ("GET", r"/api/whoami-v2", "whoami"),
        ("POST", r"/api/repos/create", "create"),
        ("POST", r"/api/validate-yaml", "validate_yaml"),
        ("POST", r"/api/(models|datasets|spaces)/([^/]+/[^/]+)/preupload/([^/]+)", "preupload"),
        ("POST", r"/api/(models|datasets|spaces)/([^/]+/[^/]+)/commit/([^/]+)", "commit"),
        ("POST", r"/(?:(datasets|spaces)/)?([^/]+/[^/]+)\.git/info/lfs/objects/batch", "lfs_batch"),
        ("PUT", r"/lfs/([0-9a-f]{64})", "lfs_put"),
        ("GET", r"/api/(models|datasets|spaces)/([^/]+/[^/]+)/tree/([^/]+)/?(.*)", "tree"),
        ("POST", r"/api/(models|datasets|spaces)/([^/]+/[^/]+)/branch/([^/]+)", "create_branch"),
        ("GET", r"/api/(models|datasets|spaces)/([^/]+/[^/]+)/refs", "refs"),
        ("GET", r"/api/(spaces)/([^/]+/[^/]+)/variables", "variables"),
        ("POST", r"/api/(spaces)/([^/]+/[^/]+)/variables", "set_variable"),
        ("POST", r"/api/(models|datasets|spaces)/([^/]+/[^/]+)/paths-info/([^/]+)", "paths_info"),
        ("GET", r"/api/(models|datasets|spaces)/([^/]+/[^/]+)/revision/([^/]+)", "info"),
        ("GET", r"/api/(models|datasets|spaces)/([^/]+/[^/]+)", "info"),
        ("GET", r"/(?:(datasets|spaces)/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)", "resolve"),
    )

    def log_message(self, *_: object) -> None:
        """Be quiet; tests look at `HubServer.requests`."""

    @property
    def hub(self) -> HubServer:
        return self.server.hub  # type: ignore[attr-defined]

    def answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append((self.command, path))
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        # All faults count the request, so that `nth` does not depend on those before.
        faults = [fault for fault in self.hub.faults if fault.strikes(f"{self.command} {path}")]
        if not faults:
            self.dispatch(path)
        elif faults[0].status is not None:
            self.error(faults[0].status, "", f"{self.command} {path} was made to fail")
        else:
            self.hang_up(path, faults[0].done)

    def hang_up(self, path: str, done: bool) -> None:
        """Close the connection without an answer, perhaps after having done what was asked."""
        if done:
            answer, self.wfile = self.wfile, io.BytesIO()  # type: ignore[assignment]
            self.dispatch(path)
            self.wfile = answer
        self.close_connection = True

    def dispatch(self, path: str) -> None:
        method = "GET" if self.command == "HEAD" else self.command
        for verb, pattern, name in self.ROUTES:
            match = re.fullmatch(pattern, path)
            if verb == method and match:
                getattr(self, name)(*match.groups())
                return
        self.error(404, "EntryNotFound", f"no such address: {self.command} {path}")

    do_GET = do_HEAD = do_POST = do_PUT = answer

    def send(self, content: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Expose-Headers", "ETag, Link")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def send_json(self, value: object, status: int = 200, **headers: str) -> None:
        self.send(json.dumps(value).encode(), status, Content_Type="application/json", **headers)

    def error(self, status: int, code: str, message: str) -> None:
        self.send_json({"error": message}, status, X_Error_Code=code, X_Error_Message=message)

    @property
    def user(self) -> str | None:
        return self.hub.tokens.get((self.headers.get("Authorization") or "").removeprefix("Bearer "))

    def repository(self, kind: str | None, name: str, write: bool = False) -> Repository | None:
        """The repository if it exists and the caller may see (or change) it; otherwise answers and gives `None`."""
        found = self.hub.repositories.get((KINDS[kind or "models"], name))
        owner = name.split("/")[0]
        if write and self.user != owner:
            self.error(401 if self.user is None else 403, "", "Invalid username or password.")
            return None
        if found is None or (found.private and self.user != owner):
            self.error(404 if self.user else 401, "RepoNotFound", "Repository not found")
            return None
        return found

    def commit_at(self, kind: str | None, name: str, revision: str) -> Commit | None:
        repository = self.repository(kind, name)
        if repository is None:
            return None
        commit = repository.find(revision)
        if commit is None:
            self.error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return commit

    def whoami(self) -> None:
        if self.user is None:
            self.error(401, "", "Invalid username or password.")
        else:
            self.send_json({"type": "user", "name": self.user, "orgs": [], "auth": {"accessToken": {"role": "write"}}})

    def create(self) -> None:
        asked = json.loads(self.body)
        kind = asked.get("type") or "model"
        name = f"{asked.get('organization') or self.user}/{asked['name']}"
        if self.user is None or name.split("/")[0] != self.user:
            self.error(401 if self.user is None else 403, "", "You may not create this repository")
            return
        prefix = "" if kind == "model" else f"{kind}s/"
        url = {"url": f"{self.hub.url}/{prefix}{name}", "name": name, "id": name}
        if (kind, name) in self.hub.repositories:
            self.send_json({**url, "error": "You already created this repo"}, 409)
            return
        repository = Repository(private=bool(asked.get("private") or asked.get("visibility") == "private"))
        repository.sdk = asked.get("sdk")
        if kind == "space" and repository.sdk not in ("gradio", "docker", "static"):
            self.error(400, "", "a Space needs an sdk")
            return
        repository.variables = {entry["key"]: entry["value"] for entry in asked.get("variables") or []}
        repository.add("main", {".gitattributes": b""}, "initial commit")
        self.hub.repositories[kind, name] = repository
        self.send_json(url)

    def validate_yaml(self) -> None:
        """A card's front matter is always good here."""
        self.send_json({"errors": [], "warnings": []})

    def preupload(self, kind: str, name: str, revision: str) -> None:
        repository = self.repository(kind, name, write=True)
        if repository is None:
            return
        there = repository.find(revision)
        if there is None:
            self.error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            return
        files = []
        for path in (file["path"] for file in json.loads(self.body)["files"]):
            mode = "lfs" if path.endswith(LFS_SUFFIXES) else "regular"
            files.append({"path": path, "uploadMode": mode, "shouldIgnore": False})
            if path in there.files:
                # Clients leave out of a commit what is there already.
                described = _describe(path, there.files[path])
                files[-1]["oid"] = described.get("lfs", described)["oid"]
        self.send_json({"files": files})

    def lfs_batch(self, kind: str | None, name: str) -> None:
        if self.repository(kind, name, write=True) is None:
            return
        objects = []
        for asked in json.loads(self.body)["objects"]:
            entry = {"oid": asked["oid"], "size": asked["size"], "authenticated": True}
            if asked["oid"] not in self.hub.objects:
                entry["actions"] = {"upload": {"href": f"{self.hub.url}/lfs/{asked['oid']}", "header": {}}}
            objects.append(entry)
        self.send_json({"transfer": "basic", "objects": objects})

    def lfs_put(self, oid: str) -> None:
        if hashlib.sha256(self.body).hexdigest() != oid:
            self.error(400, "", "the content is not what was announced")
            return
        self.hub.objects[oid] = self.body
        self.send(b"")

    def commit(self, kind: str, name: str, branch: str) -> None:
        repository = self.repository(kind, name, write=True)
        if repository is None:
            return
        if branch not in repository.branches:
            self.error(404, "RevisionNotFound", f"Invalid rev id: {branch}")
            return
        files, message = dict(repository.branches[branch][-1].files), ""
        for line in self.body.splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "header":
                message = value["summary"]
            elif entry["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "lfsFile":
                files[value["path"]] = self.hub.objects[value["oid"]]
            elif entry["key"] == "deletedFile":
                files.pop(value["path"], None)
            elif entry["key"] == "deletedFolder":
                files = {path: data for path, data in files.items() if not path.startswith(value["path"])}
        commit = repository.add(branch, files, message)
        self.send_json(
            {"success": True, "commitOid": commit.oid, "commitUrl": f"{self.hub.url}/{name}/commit/{commit.oid}"}
        )

    def create_branch(self, kind: str, name: str, branch: str) -> None:
        repository = self.repository(kind, name, write=True)
        if repository is None:
            return
        if branch in repository.branches:
            self.error(409, "", f"Reference already exists: refs/heads/{branch}")
            return
        start = repository.find(json.loads(self.body or b"{}").get("startingPoint") or "main")
        repository.branches[branch] = [] if start is None else [start]
        self.send_json({"success": True})

    def refs(self, kind: str, name: str) -> None:
        repository = self.repository(kind, name)
        if repository is not None:
            branches = [
                {"name": branch, "ref": f"refs/heads/{branch}", "targetCommit": commits[-1].oid}
                for branch, commits in repository.branches.items()
            ]
            self.send_json({"branches": branches, "tags": [], "converts": []})

    def variables(self, kind: str, name: str) -> None:
        repository = self.repository(kind, name)
        if repository is not None:
            self.send_json({key: {"key": key, "value": value} for key, value in repository.variables.items()})

    def set_variable(self, kind: str, name: str) -> None:
        repository = self.repository(kind, name, write=True)
        if repository is not None:
            asked = json.loads(self.body)
            repository.variables[asked["key"]] = asked["value"]
            self.variables(kind, name)

    def tree(self, kind: str, name: str, revision: str, folder: str) -> None:
        """List a folder, a page at a time; all below it if asked to."""
        commit = self.commit_at(kind, name, revision)
        if commit is None:
            return
        asked = {key: values[-1] for key, values in parse_qs(urlsplit(self.path).query).items()}
        entries = _list_folder(commit.files, folder, recursive=asked.get("recursive", "").lower() in ("1", "true"))
        if folder and not entries:
            self.error(404, "EntryNotFound", f"{folder} does not exist on {revision}")
            return
        start = int(asked.get("cursor", 0))
        headers = {}
        if start + TREE_PAGE < len(entries):
            query = urlencode({**asked, "cursor": start + TREE_PAGE})
            headers["Link"] = f'<{self.hub.url}{urlsplit(self.path).path}?{query}>; rel="next"'
        self.send_json(entries[start : start + TREE_PAGE], **headers)

    def paths_info(self, kind: str, name: str, revision: str) -> None:
        commit = self.commit_at(kind, name, revision)
        if commit is not None:
            is_json = self.headers.get("Content-Type", "").startswith("application/json")  # else as of a form
            asked = json.loads(self.body)["paths"] if is_json else parse_qs(self.body.decode())["paths"]
            below_root = {entry["path"]: entry for entry in _list_folder(commit.files, "", recursive=True)}
            self.send_json([below_root[path] for path in asked if path in below_root])

    def info(self, kind: str, name: str, revision: str = "main") -> None:
        commit = self.commit_at(kind, name, revision)
        if commit is not None:
            self.send_json(
                {
                    "id": name,
                    "modelId": name,
                    "sha": commit.oid,
                    "private": self.hub.repositories[KINDS[kind], name].private,
                    "sdk": self.hub.repositories[KINDS[kind], name].sdk,
                    "tags": [],
                    "downloads": 0,
                    "likes": 0,
                    "siblings": [{"rfilename": path} for path in sorted(commit.files)],
                }
            )

    def resolve(self, kind: str | None, name: str, revision: str, path: str) -> None:
        commit = self.commit_at(kind, name, revision)
        if commit is None:
            return
        if path not in commit.files:
            self.error(404, "EntryNotFound", f"Entry not found: {path}")
            return
        data = commit.files[path]
        headers = {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X_Repo_Commit": commit.oid}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if asked is None:
            self.send(data, **headers)
            return
        start, end = int(asked[1]), min(int(asked[2] or len(data)) + 1, len(data))
        headers["Content_Range"] = f"bytes {start}-{end - 1}/{len(data)}"
        self.send(data[start:end], 206, **headers)


def _list_folder(files: dict[str, bytes], folder: str, recursive: bool) -> list[dict[str, Any]]:
    """The files and folders in a folder, in the order of their paths."""
    prefix = f"{folder.rstrip('/')}/" if folder else ""
    entries: dict[str, dict[str, Any]] = {}
    for path in files:
        if path.startswith(prefix):
            parts = path.removeprefix(prefix).split("/")
            for depth in range(1, len(parts) if recursive else min(len(parts), 2)):
                below = prefix + "/".join(parts[:depth])
                entries[below] = {"type": "directory", "path": below, "size": 0, "oid": _oid_of_folder(below)}
            if recursive or len(parts) == 1:
                entries[path] = _describe(path, files[path])
    return [entries[path] for path in sorted(entries)]


def _oid_of_folder(path: str) -> str:
    return hashlib.sha1(path.encode()).hexdigest()


def _describe(path: str, data: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": "file",
        "path": path,
        "size": len(data),
        "oid": hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest(),
    }
    if path.endswith(LFS_SUFFIXES):
        entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
    return entry
