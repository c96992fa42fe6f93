"""The Hub's writing side on loopback: repositories with commits, branches, tags and pull requests, and LFS storage.

Files that end in `.parquet`, and only those, go to large-file storage. A commit's hash is made from its tree,
parent and title. Not covered: organisations' roles, multipart uploads, merging pull requests.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from tests.servers.card_rules import head_problems
from tests.servers.hub import Answer, Loopback, Request, file_answer, json_answer

Tree = Mapping[str, bytes]
"""Content by path."""
USER = "someone"


@dataclass(frozen=True, slots=True)
class Commit:
    tree: Tree
    parent: str
    title: str

    @property
    def oid(self) -> str:
        digest = hashlib.sha1(f"{self.parent} {self.title}".encode())
        for path, content in sorted(self.tree.items()):
            digest.update(path.encode() + b"\0" + content)
        return digest.hexdigest()


@dataclass(slots=True)
class Repository:
    private: bool
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    pull_requests: dict[str, str] = field(default_factory=dict)  # by number

    def add(self, commit: Commit) -> str:
        self.commits[commit.oid] = commit
        return commit.oid

    def resolve(self, revision: str) -> Commit | None:
        requests = {f"refs/pr/{number}": oid for number, oid in self.pull_requests.items()}
        oid = {**requests, **self.tags, **self.branches}.get(revision, revision)
        return self.commits.get(oid)


class WritableHub(Loopback):
    """A Hub on which the one user `someone`, a member of `organisations`, has `token`.

    Repositories of other owners can be read by all if they are public, and written by nobody.
    """

    def __init__(self, token: str, organisations: Collection[str] = ("org",)) -> None:
        super().__init__()
        self.token, self.organisations = token, organisations
        self.repositories: dict[str, Repository] = {}
        self.storage: dict[str, bytes] = {}  # by SHA-256
        self._lock = threading.RLock()

    def make(self, name: str, files: Tree | None = None, private: bool = False) -> Repository:
        """A repository with one commit."""
        self.repositories[name] = made = Repository(private)
        made.branches["main"] = made.add(
            Commit({".gitattributes": b"*.parquet filter=lfs\n", **(files or {})}, "", "x")
        )
        return made

    def head(self, name: str, branch: str = "main") -> Commit:
        repository = self.repositories[name]
        return repository.commits[repository.branches[branch]]

    def edit(self, name: str, files: Tree, branch: str = "main") -> None:
        """A commit by someone else."""
        repository = self.repositories[name]
        tree = {**self.head(name, branch).tree, **files}
        repository.branches[branch] = repository.add(Commit(tree, repository.branches[branch], "edit"))

    def answer(self, request: Request) -> Answer:
        if request.path.startswith("/storage/"):
            return self._storage(request)
        if request.token and request.token != self.token:
            message = "Invalid credentials in Authorization header"
            return json_answer({"error": message}, 401, X_Error_Message=message)
        with self._lock:
            for method, pattern, respond in _ROUTES:
                found = re.fullmatch(pattern, request.path)
                if found and request.method in method.split():
                    return self._checked(respond, request, found.groupdict())
        return json_answer({"error": f"no {request.method} {request.path} here"}, 404)

    def _checked(self, respond: "Responder", request: Request, found: dict[str, str]) -> Answer:
        """Answer a request about a repository, if this person may make it."""
        name = found.pop("repo", None)
        if name is None:
            return respond(self, request, **found)
        repository = self.repositories.get(name)
        if repository is None or (repository.private and not request.token):
            return json_answer({"error": "Repository not found"}, 401, X_Error_Code="RepoNotFound")
        writes = request.method in ("POST", "PUT") and "/paths-info/" not in request.path
        proposes = "create_pr" in request.query or found.get("revision") == "None"
        if writes and not proposes and not (request.token and self._may_write(name)):
            return json_answer({"error": "You don't have write access"}, 403)
        if "revision" in found and found["revision"] != "None":
            commit = repository.resolve(found["revision"] or "main")
            if commit is None:
                return json_answer({"error": "Invalid rev id"}, 404, X_Error_Code="RevisionNotFound")
            return respond(self, request, name, commit, **found)
        return respond(self, request, name, **found)

    def _may_write(self, name: str) -> bool:
        return name.partition("/")[0] in (USER, *self.organisations)

    def _whoami(self, request: Request) -> Answer:
        if not request.token:
            return json_answer({"error": "Unauthorized"}, 401)
        return json_answer({"type": "user", "name": USER, "orgs": [{"name": name} for name in self.organisations]})

    def _create(self, request: Request) -> Answer:
        asked = json.loads(request.body)
        name = f"{asked.get('organization') or USER}/{asked['name']}"
        if not request.token or not self._may_write(name):
            return json_answer({"error": "You don't have the rights to create a dataset there"}, 403)
        status = 409 if name in self.repositories else 200
        if status == 200:
            self.make(name, private=asked.get("visibility", asked.get("private")) in ("private", True))
        return json_answer({"url": f"{self.url}/datasets/{name}"}, status)

    def _validate(self, request: Request) -> Answer:
        problems = [{"message": problem} for problem in head_problems(json.loads(request.body)["content"])]
        return json_answer({"errors": problems, "warnings": []}, 400 if problems else 200)

    def _settings(self, request: Request, repo: str) -> Answer:
        asked = json.loads(request.body)
        self.repositories[repo].private = asked.get("visibility", asked.get("private")) in ("private", True)
        return json_answer({})

    def _info(self, request: Request, repo: str, commit: Commit, revision: str) -> Answer:
        files = [{"rfilename": name} for name in sorted(commit.tree)]
        private = self.repositories[repo].private
        return json_answer({"id": repo, "sha": commit.oid, "siblings": files, "tags": [], "private": private})

    def _tree(self, request: Request, repo: str, commit: Commit, revision: str, path: str | None) -> Answer:
        inside = [name for name in sorted(commit.tree) if not path or name.startswith(f"{path}/")]
        deep = request.query.get("recursive", ["false"])[0].lower() in ("true", "1")
        depth = path.count("/") + 1 if path else 0
        files = [entry(name, commit.tree[name]) for name in inside if deep or name.count("/") == depth]
        names = {"/".join(name.split("/")[: depth + 1]) for name in inside if name.count("/") > depth}
        return json_answer([{"type": "directory", "path": name, "oid": "0" * 40} for name in sorted(names)] + files)

    def _paths_info(self, request: Request, repo: str, commit: Commit, revision: str) -> Answer:
        as_json = request.headers.get("content-type", "").startswith("application/json")
        asked = json.loads(request.body) if as_json else parse_qs(request.body.decode())
        return json_answer([entry(name, commit.tree[name]) for name in asked["paths"] if name in commit.tree])

    def _file(self, request: Request, repo: str, commit: Commit, revision: str, path: str) -> Answer:
        if path not in commit.tree:
            return json_answer({"error": "Entry not found"}, 404, X_Error_Code="EntryNotFound")
        content = commit.tree[path]
        headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": commit.oid}
        return file_answer(request, content, {**headers, "X-Linked-Size": str(len(content))})

    def _refs(self, request: Request, repo: str) -> Answer:
        repository = self.repositories[repo]
        found = {
            "branches": [_ref(f"refs/heads/{name}", name, oid) for name, oid in repository.branches.items()],
            "tags": [_ref(f"refs/tags/{name}", name, oid) for name, oid in repository.tags.items()],
            "converts": [],
        }
        requests = repository.pull_requests.items()
        return json_answer(
            {**found, "pullRequests": [_ref(f"refs/pr/{n}", f"refs/pr/{n}", oid) for n, oid in requests]}
        )

    def _commits(self, request: Request, repo: str, commit: Commit, revision: str) -> Answer:
        listed, current = [], commit
        while current:
            listed.append({"id": current.oid, "title": current.title, "message": "", "authors": [{"user": USER}]})
            current = self.repositories[repo].commits.get(current.parent)
        return json_answer([{**item, "date": "2025-01-01T00:00:00.000Z"} for item in listed])

    def _branch(self, request: Request, repo: str, branch: str) -> Answer:
        repository = self.repositories[repo]
        start = repository.resolve(json.loads(request.body).get("startingPoint", "main"))
        return _named(repository.branches, branch, start.oid if start else "")

    def _tag(self, request: Request, repo: str, commit: Commit, revision: str) -> Answer:
        return _named(self.repositories[repo].tags, json.loads(request.body)["tag"], commit.oid)

    def _preupload(self, request: Request, repo: str, commit: Commit, revision: str) -> Answer:
        files = json.loads(request.body)["files"]
        modes = [("lfs" if file["path"].endswith(".parquet") else "regular", file["path"]) for file in files]
        return json_answer(
            {"files": [{"path": path, "uploadMode": mode, "shouldIgnore": False} for mode, path in modes]}
        )

    def _batch(self, request: Request, repo: str) -> Answer:
        asked = json.loads(request.body)["objects"]
        verify = {"href": f"{self.url}/datasets/{repo}.git/info/lfs/verify"}
        objects = [
            item
            if item["oid"] in self.storage
            else {**item, "actions": {"upload": {"href": f"{self.url}/storage/{item['oid']}"}, "verify": verify}}
            for item in asked
        ]
        return json_answer({"transfer": "basic", "objects": objects})

    def _verify(self, request: Request, repo: str) -> Answer:
        asked = json.loads(request.body)
        known = len(self.storage.get(asked["oid"], b"")) == asked["size"]
        return json_answer({}, 200 if known else 404)

    def _storage(self, request: Request) -> Answer:
        oid = request.path.rpartition("/")[2]
        if hashlib.sha256(request.body).hexdigest() != oid:
            return Answer(400)
        self.storage[oid] = request.body
        return Answer(200)

    def _commit(self, request: Request, repo: str, commit: Commit, revision: str) -> Answer:
        lines = [json.loads(line) for line in request.body.splitlines()]
        header = lines[0]["value"]
        if header.get("parentCommit", commit.oid) != commit.oid:
            return json_answer({"error": "A commit has happened since. Please refresh and try again."}, 412)
        tree = dict(commit.tree)
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "deletedFile":
                del tree[value["path"]]
            elif line["key"] == "lfsFile":
                if value["oid"] not in self.storage:
                    return json_answer({"error": "LFS pointer pointed to a file that does not exist"}, 400)
                tree[value["path"]] = self.storage[value["oid"]]
            else:
                tree[value["path"]] = base64.b64decode(value["content"])
        repository = self.repositories[repo]
        oid = repository.add(Commit(tree, commit.oid, header["summary"]))
        answer = {"commitUrl": f"{self.url}/datasets/{repo}/commit/{oid}", "commitOid": oid, "success": True}
        if request.query.get("create_pr") == ["1"]:
            number = str(len(repository.pull_requests) + 1)
            repository.pull_requests[number] = oid
            return json_answer({**answer, "pullRequestUrl": f"{self.url}/datasets/{repo}/discussions/{number}"})
        repository.branches[revision] = oid
        return json_answer(answer)


def entry(path: str, content: bytes) -> dict[str, object]:
    """A file as the Hub lists it: git's id, and SHA-256 where it is in large-file storage."""
    oid = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    lfs = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    listed = {"type": "file", "path": path, "size": len(content), "oid": oid}
    return {**listed, "lfs": lfs} if path.endswith(".parquet") else listed


def _named(references: dict[str, str], name: str, oid: str) -> Answer:
    """A new branch or tag, if there is none of that name."""
    if name in references:
        return json_answer({"error": "Reference already exists"}, 409)
    references[name] = oid
    return json_answer({})


def _ref(ref: str, name: str, oid: str) -> dict[str, str]:
    return {"ref": ref, "name": name, "targetCommit": oid}


Responder = Callable[..., Answer]
_API = r"/api/datasets/(?P<repo>[^/]+/[^/]+)"
_GIT = r"/datasets/(?P<repo>[^/]+/[^/]+)\.git/info/lfs"
_REVISION = r"(?P<revision>[^/]+)"
_ROUTES: tuple[tuple[str, str, Responder], ...] = (
    ("GET", "/api/whoami-v2", WritableHub._whoami),
    ("POST", "/api/repos/create", WritableHub._create),
    ("POST", "/api/validate-yaml", WritableHub._validate),
    ("GET", rf"{_API}(/revision/(?P<revision>[^/]+))?", WritableHub._info),
    ("PUT", rf"{_API}/settings", WritableHub._settings),
    ("GET", rf"{_API}/tree/{_REVISION}(/(?P<path>.+))?", WritableHub._tree),
    ("POST", rf"{_API}/paths-info/{_REVISION}", WritableHub._paths_info),
    ("GET", rf"{_API}/refs", WritableHub._refs),
    ("GET", rf"{_API}/commits/{_REVISION}", WritableHub._commits),
    ("POST", rf"{_API}/branch/(?P<branch>.+)", WritableHub._branch),
    ("POST", rf"{_API}/tag/{_REVISION}", WritableHub._tag),
    ("POST", rf"{_API}/preupload/(?P<revision>.+)", WritableHub._preupload),
    ("POST", rf"{_API}/commit/(?P<revision>.+)", WritableHub._commit),
    ("POST", rf"{_GIT}/objects/batch", WritableHub._batch),
    ("POST", rf"{_GIT}/verify", WritableHub._verify),
    ("GET HEAD", rf"/datasets/(?P<repo>[^/]+/[^/]+)/resolve/{_REVISION}/(?P<path>.+)", WritableHub._file),
)
