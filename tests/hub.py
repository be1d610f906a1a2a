"""A Hub for tests: what huggingface_hub, datasets and transformers ask of huggingface.co, kept in memory.

    .venv/bin/python -m tests.hub 8899        then HF_ENDPOINT=http://127.0.0.1:8899 HF_HUB_DISABLE_XET=1 hf …

Users are known by tokens ("token-ann" is ann). Commits are serialised: a handler reads the body, then acts without
awaiting. `faults` makes the next commits fail; `down` makes every request fail. It speaks plain LFS, not Xet.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import threading
import time
from typing import Any
from urllib.parse import parse_qs, unquote

import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.hub_repo import Blob, Commit, Refused, Repo, file_row, folder_row

LFS_ENDINGS = (".parquet", ".safetensors", ".onnx", ".npy", ".pt", ".png", ".jpg", ".jpeg")


class Hub:
    """The Hub's state, its routes, and the switches that make it misbehave."""

    def __init__(self, listener: socket.socket) -> None:
        self.endpoint = "http://{}:{}".format(*listener.getsockname())
        self._listener = listener
        self.reset()

    def reset(self) -> None:
        """Forget everything; users ann, ben and cleo remain."""
        self.users = {f"token-{name}": name for name in ("ann", "ben", "cleo")}
        self.repos: dict[tuple[str, str], Repo] = {}
        self.objects: dict[str, bytes] = {}
        self.faults: list[int] = []  # statuses of the next commits, before anything is written
        self.down = False
        self.requests: list[str] = []

    def repo(self, name: str, kind: str = "dataset") -> Repo:
        return self.repos[kind, name]

    def files(self, name: str, kind: str = "dataset") -> dict[str, bytes]:
        """Paths and contents of the newest revision."""
        return {path: blob.data for path, blob in self.repo(name, kind).commits[-1].files.items()}

    # --- serving

    def start(self) -> None:
        """Serve from a thread until the process ends; returns when it answers."""
        server = uvicorn.Server(uvicorn.Config(self.app(), log_level="error", lifespan="off", ws="none"))
        threading.Thread(target=server.run, args=([self._listener],), daemon=True).start()
        while not server.started:
            time.sleep(0.005)

    def app(self) -> Starlette:
        repo, rest = "/{kind:kind}s/{owner}/{name}", "{path:path}"
        from starlette.convertors import StringConvertor, register_url_convertor

        register_url_convertor("kind", type("Kind", (StringConvertor,), {"regex": "dataset|model|space"})())
        routes = [
            Route("/api/whoami-v2", self.whoami), Route("/api/validate-yaml", self.validate_yaml, methods=["POST"]),
            Route("/api/repos/create", self.create, methods=["POST"]),
            Route("/api" + repo, self.info), Route("/api" + repo + "/revision/{revision}", self.info),
            Route("/api" + repo + "/tree/{revision}", self.tree),
            Route("/api" + repo + "/tree/{revision}/" + rest, self.tree),
            Route("/api" + repo + "/paths-info/{revision}", self.paths_info, methods=["POST"]),
            Route("/api" + repo + "/commits/{revision}", self.commits),
            Route("/api" + repo + "/preupload/{revision}", self.preupload, methods=["POST"]),
            Route("/api" + repo + "/commit/{revision}", self.commit, methods=["POST"]),
            Route("/api" + repo + "/lfs-files", self.list_lfs),
            Route("/api" + repo + "/lfs-files/batch", self.delete_lfs, methods=["POST"]),
            Route("/lfs/{oid}", self.put_object, methods=["PUT"]), Route("/lfs-verify", self.verify, methods=["POST"]),
        ]
        for prefix in ("/datasets/", "/spaces/", "/"):
            where = prefix + "{owner}/{name}"
            routes += [Route(where + ".git/info/lfs/objects/batch", self.lfs_batch, methods=["POST"]),
                       Route(where + "/resolve/{revision}/" + rest, self.resolve)]
        app = Starlette(routes=routes, exception_handlers={Refused: lambda _, error: error.response()})
        app.add_middleware(BaseHTTPMiddleware, dispatch=self._watch)
        return app

    async def _watch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        self.requests.append(f"{request.method} {request.url.path}")
        # A "/" inside a revision arrives as %2F; starlette would route on the decoded path, so give it the raw one.
        request.scope["path"] = request.scope["raw_path"].decode().partition("?")[0]
        return Refused(503, message="down").response() if self.down else await call_next(request)

    # --- who asks for what

    def _user(self, request: Request) -> str | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token and token not in self.users:
            raise Refused(401, "", "Invalid credentials in Authorization header")
        return self.users.get(token)

    def _repo(self, request: Request, write: bool = False) -> Repo:
        user, where = self._user(request), request.path_params
        prefix = request.url.path.split("/")[1]
        kind = where.get("kind") or {"datasets": "dataset", "spaces": "space"}.get(prefix, "model")
        repo = self.repos.get((kind, f"{where['owner']}/{where['name']}"))
        if repo is None or (repo.private and user not in repo.writers):
            raise Refused(404 if user else 401, "RepoNotFound", "Repository not found")
        if write and user not in repo.writers:
            raise Refused(403 if user else 401, "", "You may not write here")
        return repo

    def _commit(self, request: Request) -> tuple[Repo, Commit]:
        repo = self._repo(request)
        found = repo.at(unquote(request.path_params.get("revision", "main")))
        if found is None:
            raise Refused(404, "RevisionNotFound", "Invalid rev id")
        return repo, found

    def _url(self, kind: str, name: str) -> str:
        return f"{self.endpoint}/{'' if kind == 'model' else kind + 's/'}{name}"

    # --- accounts and repositories

    async def whoami(self, request: Request) -> Response:
        user = self._user(request)
        if user is None:
            raise Refused(401, "", "Invalid username or password.")
        return JSONResponse({"type": "user", "id": user, "name": user, "fullname": user.title(), "orgs": [],
                             "avatarUrl": "/none.png",
                             "auth": {"type": "access_token", "accessToken": {"role": "write"}}})

    async def validate_yaml(self, request: Request) -> Response:
        content = (await request.json())["content"]
        try:
            head = yaml.safe_load(content.split("---")[1]) if content.startswith("---") else {}
        except yaml.YAMLError as error:
            return JSONResponse({"errors": [{"message": str(error)}], "warnings": []}, 400)
        return JSONResponse({"errors": [], "warnings": [] if head else [{"message": "empty or missing yaml metadata"}]})

    async def create(self, request: Request) -> Response:
        asked, user = await request.json(), self._user(request)
        owner, kind = asked.get("organization") or user, asked.get("type") or "model"
        if user is None or owner != user:
            raise Refused(403 if user else 401, "", "You may not create repositories here")
        name = f"{owner}/{asked['name']}"
        url = self._url(kind, name)
        if (kind, name) in self.repos:
            return JSONResponse({"error": "You already created this repo", "url": url}, 409)
        repo = Repo(kind, name, asked.get("visibility") == "private" or bool(asked.get("private")), {user})
        repo.advance({".gitattributes": Blob(b"*.parquet filter=lfs\n", False)}, "initial commit", user)
        self.repos[kind, name] = repo
        return JSONResponse({"url": url, "name": name, "id": name})

    async def info(self, request: Request) -> Response:
        repo, commit = self._commit(request)
        return JSONResponse({
            "_id": repo.name, "id": repo.name, "author": repo.name.split("/")[0], "sha": commit.oid,
            "lastModified": commit.date, "createdAt": repo.commits[0].date, "private": repo.private, "gated": False,
            "disabled": False, "downloads": 0, "likes": 0, "tags": [],
            "siblings": [{"rfilename": path} for path in sorted(commit.files)]})

    # --- reading

    async def tree(self, request: Request) -> Response:
        _, commit = self._commit(request)
        folder = unquote(request.path_params.get("path", "")).strip("/")
        prefix = f"{folder}/" if folder else ""
        inside = [path for path in sorted(commit.files) if path.startswith(prefix)]
        if folder and not inside:
            raise Refused(404, "EntryNotFound", f"{folder} does not exist on this revision")
        deep = request.query_params.get("recursive", "").lower() == "true"
        folders = {prefix + "/".join(parts[:depth]) for path in inside
                   for parts in [path.removeprefix(prefix).split("/")] for depth in range(1, len(parts))}
        rows = [folder_row(path) for path in sorted(folders) if deep or "/" not in path.removeprefix(prefix)]
        rows += [file_row(path, commit) for path in inside if deep or "/" not in path.removeprefix(prefix)]
        return JSONResponse(rows)

    async def paths_info(self, request: Request) -> Response:
        if "json" in request.headers.get("content-type", ""):
            asked = (await request.json())["paths"]
        else:
            asked = parse_qs((await request.body()).decode()).get("paths", [])
        _, commit = self._commit(request)
        rows = [file_row(path, commit) for path in asked if path in commit.files]
        rows += [folder_row(path) for path in asked if any(known.startswith(f"{path}/") for known in commit.files)]
        return JSONResponse(rows)

    async def commits(self, request: Request) -> Response:
        repo, newest = self._commit(request)
        past = repo.commits[: repo.commits.index(newest) + 1]
        return JSONResponse([{"id": made.oid, "title": made.title, "message": "", "date": made.date,
                              "authors": [{"user": made.author}]} for made in reversed(past)])

    async def resolve(self, request: Request) -> Response:
        _, commit = self._commit(request)
        blob = commit.files.get(unquote(request.path_params["path"]))
        if blob is None or (blob.lfs and blob.etag not in self.objects):
            refusal = Refused(404, "EntryNotFound", "Entry not found").response()
            refusal.headers["X-Repo-Commit"] = commit.oid
            return refusal
        headers = {"X-Repo-Commit": commit.oid, "ETag": f'"{blob.etag}"', "Accept-Ranges": "bytes"}
        data, status, asked = blob.data, 200, request.headers.get("range", "")
        if asked.startswith("bytes="):
            first, _, last = asked.removeprefix("bytes=").partition("-")
            start, end = (int(first), int(last or len(data) - 1)) if first else (len(data) - int(last), len(data) - 1)
            headers["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
            data, status = data[start : end + 1], 206
        return Response(data, status, headers, media_type="application/octet-stream")

    # --- writing

    async def preupload(self, request: Request) -> Response:
        asked = (await request.json())["files"]
        head = self._repo(request, write=True).commits[-1].files
        return JSONResponse({"files": [
            {"path": row["path"], "uploadMode": "lfs" if row["path"].endswith(LFS_ENDINGS) else "regular",
             "shouldIgnore": False, "oid": head[row["path"]].etag if row["path"] in head else None} for row in asked]})

    async def lfs_batch(self, request: Request) -> Response:
        asked = (await request.json())["objects"]
        self._repo(request, write=True)
        for row in asked:
            if row["oid"] not in self.objects:
                row["actions"] = {"upload": {"href": f"{self.endpoint}/lfs/{row['oid']}"},
                                  "verify": {"href": f"{self.endpoint}/lfs-verify"}}
        return JSONResponse({"transfer": "basic", "objects": asked})

    async def put_object(self, request: Request) -> Response:
        data = await request.body()
        if hashlib.sha256(data).hexdigest() != request.path_params["oid"]:
            raise Refused(400, "", "these bytes have another sha256")
        self.objects[request.path_params["oid"]] = data
        return Response()

    async def verify(self, request: Request) -> Response:
        asked = await request.json()
        return Response(status_code=200 if asked["oid"] in self.objects else 404)

    async def list_lfs(self, request: Request) -> Response:
        found = {(blob.etag, path): blob for made in self._repo(request, write=True).commits
                 for path, blob in made.files.items() if blob.lfs and blob.etag in self.objects}
        return JSONResponse([{"fileOid": etag, "filename": path, "oid": etag, "size": len(blob.data), "ref": "main",
                              "pushedAt": "2026-01-01T00:00:00.000Z"} for (etag, path), blob in found.items()])

    async def delete_lfs(self, request: Request) -> Response:
        for etag in (await request.json())["deletions"]["sha"]:
            self._repo(request, write=True)
            self.objects.pop(etag, None)
        return Response()

    async def commit(self, request: Request) -> Response:
        lines = [json.loads(line) for line in (await request.body()).splitlines() if line]
        repo = self._repo(request, write=True)  # from here on nothing awaits: commits happen one after the other
        if self.faults:
            raise Refused(self.faults.pop(0), "", "a fault that the test asked for")
        header, head = lines[0]["value"], repo.commits[-1]
        if header.get("parentCommit", head.oid) != head.oid:
            raise Refused(412, "", "The expected parent commit is not the head")
        files = dict(head.files)
        for line in lines[1:]:
            self._apply(line["key"], line["value"], files)
        made = repo.advance(files, header["summary"], self._user(request) or "")
        return JSONResponse({"success": True, "commitOid": made.oid, "hookOutput": "",
                             "commitUrl": f"{self._url(repo.kind, repo.name)}/commit/{made.oid}"})

    def _apply(self, key: str, value: dict[str, Any], files: dict[str, Blob]) -> None:
        path = value["path"]
        if key == "file":
            files[path] = Blob(base64.b64decode(value["content"]), lfs=False)
        elif key == "lfsFile":
            files[path] = Blob(self.objects[value["oid"]], lfs=True)
        elif key == "deletedFile" and path not in files:
            raise Refused(404, "EntryNotFound", "A file with this name doesn't exist")
        else:
            for gone in [known for known in files if known == path or known.startswith(f"{path.rstrip('/')}/")]:
                del files[gone]


def reserve(port: int = 0) -> socket.socket:
    """A port of 127.0.0.1 that refuses connections until a hub starts on it."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener


if __name__ == "__main__":
    import sys

    hub = Hub(reserve(int(sys.argv[1]) if len(sys.argv) > 1 else 8899))
    hub.start()
    print(f"HF_ENDPOINT={hub.endpoint} HF_HUB_DISABLE_XET=1 HF_TOKEN=token-ann")
    threading.Event().wait()
