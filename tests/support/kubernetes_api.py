"""A small Kubernetes API over TLS on loopback, and what can go wrong with one.

    with KubernetesApi(folder) as api:
        api.put("default", "s3-echoer", {"eks.amazonaws.com/role-arn": "arn:..."})
        api.fail(path="/serviceaccounts$", status=500, times=3)
        subprocess.Popen([webhook, f"--kubeconfig={api.kubeconfig}", ...])

It lists (limit, continue, fieldSelector metadata.name), watches (timeoutSeconds, bookmarks when told), gets and replaces the
objects of KINDS, with resourceVersions and conflicts.
"""
import bisect
import collections
import contextlib
import dataclasses
import datetime
import http.server
import json
import os
import pathlib
import re
import socket
import ssl
import struct
import threading
import time
import urllib.parse

from support import certificates
from support.ports import free_port

TOKEN = "a-token-of-the-test"
KINDS = {  # plural -> (where, apiVersion, kind)
    "serviceaccounts": ("/api/v1", "v1", "ServiceAccount"),
    "configmaps": ("/api/v1", "v1", "ConfigMap"),
    "secrets": ("/api/v1", "v1", "Secret"),
    "leases": ("/apis/coordination.k8s.io/v1", "coordination.k8s.io/v1", "Lease"),
    "mutatingwebhookconfigurations": (
        "/apis/admissionregistration.k8s.io/v1", "admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
}
PATH = re.compile(r"(/api/v1|/apis/[^/]+/v1)(?:/namespaces/([^/]+))?/([a-z]+)(?:/([^/]+))?")
REASONS = {401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 410: "Expired", 429: "TooManyRequests",
           500: "InternalError", 503: "ServiceUnavailable", 504: "Timeout"}


@dataclasses.dataclass
class Call:
    """One request, as it came."""
    time: float  # time.monotonic()
    method: str
    path: str
    query: dict
    token: str
    status: int = 0  # of the answer; 0: none was given

    @property
    def is_watch(self):
        return self.query.get("watch", "false") in ("1", "true")


@dataclasses.dataclass
class Fault:
    """What becomes of the next `times` requests (None: of all, until it is lifted) that match `method`, `path` (a regular
    expression, searched for) and `watch`. In this order: `delay` seconds pass; `raw` or `status` is the answer instead of the
    right one; it goes out `piece` bytes at a time; and it ends after `cut` bytes, in the way `ending` names: close, half (only
    our side), reset, or silence (nothing more is said until the fault is lifted)."""
    method: str = ""
    path: str = ""
    watch: bool = None
    times: int = None
    delay: float = 0
    status: int = 0
    headers: dict = dataclasses.field(default_factory=dict)
    message: str = "as the test wants it"
    raw: bytes = None
    piece: int = 0
    cut: int = None
    ending: str = "close"
    lifted: threading.Event = dataclasses.field(default_factory=threading.Event)

    def matches(self, call):
        return (not self.lifted.is_set() and self.times != 0 and self.method in ("", call.method)
                and self.watch in (None, call.is_watch) and re.search(self.path, call.path))


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


class _Cut(Exception):
    """The answer ends here."""


class _Wire:
    """Where an answer is written: whole, in pieces, or cut short."""

    def __init__(self, stream, fault):
        self.stream, self.piece, self.left = stream, fault.piece, fault.cut

    def write(self, data):
        size = len(data) if self.left is None else min(self.left, len(data))
        for at in range(0, size, self.piece or size or 1):
            self.stream.write(data[at:min(size, at + (self.piece or size))])
        if self.left is not None:
            self.left -= size
            if self.left == 0:
                raise _Cut
        return len(data)

    def flush(self):
        self.stream.flush()


class _Watcher:
    def __init__(self, plural, namespace, name):
        self.selection = plural, namespace, name
        self.lines = collections.deque()  # (time when it is told, line)
        self.ended = False

    def wants(self, plural, namespace, name):
        return all(mine in (None, theirs) for mine, theirs in zip(self.selection, (plural, namespace, name)))


class KubernetesApi:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.changed = threading.Condition()  # of all that follows
        self.objects = {}  # plural -> {(namespace, name): JSON bytes}; namespace None: of the cluster
        self.history = []  # [(resourceVersion, (plural, namespace, name), line)]
        self.version = 100
        self.oldest = 0  # watches from before this version are answered by 410
        self.snapshots = {}  # lists that are being paged through
        self.watchers = []
        self.watches = 0  # that were begun so far
        self.lag = 0  # seconds from a change to the news of it
        self.token = TOKEN
        self.calls = []
        self.faults = []
        self.connections = set()
        self.deaf = False  # takes connections and says nothing, not even a handshake
        self.closing = False
        self.server = None

    # The server

    def __enter__(self):
        if not (self.folder / "ca.crt").exists():
            certificates.make_authority(self.folder)
        self.certificate = certificates.make_server(self.folder, "api", "IP:127.0.0.1")
        self.port = free_port()
        self.up()
        self.url = f"https://127.0.0.1:{self.port}"
        self.kubeconfig = self.folder / "api.kubeconfig"
        self.write_kubeconfig({"token": TOKEN})
        return self

    def __exit__(self, *_):
        self.down()

    def write_kubeconfig(self, user):
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "api",
            "clusters": [{"name": "api", "cluster": {"server": self.url, "certificate-authority": str(self.folder / "ca.crt")}}],
            "users": [{"name": "api", "user": user}],
            "contexts": [{"name": "api", "context": {"cluster": "api", "user": "api"}}]}))
        self.kubeconfig.chmod(0o600)

    def up(self):
        """Listens, on the same port as before."""
        self.closing = False
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate)
        self.server = _Server(("127.0.0.1", self.port), self._handler())
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self):
        """Breaks every connection and listens no more."""
        with self.changed:
            self.closing = True
            self.changed.notify_all()
        for fault in self.faults:
            fault.lifted.set()
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        self.sever()
        self.server = None

    def hear(self, does=True):
        """Whether connections are answered at all."""
        with self.changed:
            self.deaf = not does
            self.changed.notify_all()

    def sever(self):
        """Breaks every connection."""
        with self.changed:
            open_now = list(self.connections)
        for connection in open_now:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    # What goes wrong

    def fail(self, **fault):
        """Adds a Fault, which the caller may lift."""
        with self.changed:
            self.faults.append(Fault(**fault))
            return self.faults[-1]

    def lift(self, *faults):
        """These faults, or all of them, end; whoever waits because of one goes on."""
        with self.changed:
            for fault in faults or self.faults:
                fault.lifted.set()

    def forget(self):
        """What was before now can't be watched from, and no list that was begun can be read to its end."""
        with self.changed:
            self.version += 1
            self.oldest = self.version
            self.snapshots.clear()

    def end_watches(self):
        """Ends every watch in good order."""
        with self.changed:
            for watcher in self.watchers:
                watcher.ended = True
            self.changed.notify_all()

    def say(self, line, plural="serviceaccounts"):
        """Tells everyone who watches `plural` this line, whatever it is."""
        with self.changed:
            for watcher in self.watchers:
                if watcher.selection[0] == plural:
                    watcher.lines.append((0, line))
            self.changed.notify_all()

    def bookmark(self, plural="serviceaccounts", **more):
        _, api_version, kind = KINDS[plural]
        self.say(_json({"type": "BOOKMARK", "object": {"kind": kind, "apiVersion": api_version, **more, "metadata": {
            "resourceVersion": str(self.version), "creationTimestamp": None}}}) + b"\n", plural)

    def called(self, method="GET", path="", watch=None):
        """The calls so far that match, as a Fault would."""
        wanted = Fault(method, path, watch)
        with self.changed:
            return [call for call in self.calls if wanted.matches(call)]

    # The objects

    def put(self, namespace, name, annotations=None, created="2026-01-01T00:00:00Z"):
        """Creates or replaces a ServiceAccount. `created` None: just now, if it is new."""
        self.write("serviceaccounts", namespace, name, created=created, annotations=dict(annotations or {}))

    def delete(self, namespace, name):
        self.remove("serviceaccounts", namespace, name)

    def write(self, plural, namespace, name, created="2026-01-01T00:00:00Z", annotations=None, **content):
        """Creates or replaces an object; everyone who watches is told."""
        _, api_version, kind = KINDS[plural]
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        metadata = {"name": name, **({"namespace": namespace} if namespace else {}), "creationTimestamp": created or now,
                    **({} if annotations is None else {"annotations": annotations})}
        with self.changed:
            before = self.objects.get(plural, {}).get((namespace, name))
            metadata["uid"] = _uid(before) or f"00000000-0000-0000-0000-{self.version + 1:012}"
            self._store(plural, namespace, name, {"kind": kind, "apiVersion": api_version, "metadata": metadata, **content})

    def remove(self, plural, namespace, name):
        with self.changed:
            gone = json.loads(self.objects[plural].pop((namespace, name)))
            self.version += 1
            gone["metadata"]["resourceVersion"] = str(self.version)
            self._tell("DELETED", (plural, namespace, name), _json(gone))

    def read(self, plural, namespace, name):
        with self.changed:
            return json.loads(self.objects[plural][namespace, name])

    def _store(self, plural, namespace, name, content):
        self.version += 1
        content["metadata"]["resourceVersion"] = str(self.version)
        collection = self.objects.setdefault(plural, {})
        kind = "MODIFIED" if (namespace, name) in collection else "ADDED"
        collection[namespace, name] = _json(content)
        self._tell(kind, (plural, namespace, name), collection[namespace, name])

    def _tell(self, kind, key, content):
        line = b'{"type":"%s","object":%s}\n' % (kind.encode(), content)
        self.history.append((self.version, key, line))
        for watcher in self.watchers:
            if watcher.wants(*key):
                watcher.lines.append((time.monotonic() + self.lag, line))
        self.changed.notify_all()

    # Answers

    def _fault_for(self, call):
        with self.changed:
            self.calls.append(call)
            for fault in self.faults:
                if fault.matches(call):
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None

    def _page(self, plural, namespace, name, query):
        """(status, body) of a list."""
        _, api_version, kind = KINDS[plural]
        limit, token = int(query.get("limit") or 0), query.get("continue")
        with self.changed:
            if token:
                snapshot, _, start = token.partition("-")
                if snapshot not in self.snapshots:
                    return 410, _status(410, "The provided continue parameter is too old")
                version, items = self.snapshots[snapshot]
                start = int(start)
            else:
                wanted = _Watcher(plural, namespace, name)
                items = [content for key, content in sorted(self.objects.get(plural, {}).items()) if wanted.wants(plural, *key)]
                version, start, snapshot = self.version, 0, str(len(self.calls))
                if limit and len(items) > limit:
                    self.snapshots[snapshot] = version, items
        end = start + limit if limit else len(items)
        metadata = {"resourceVersion": str(version)}
        if end < len(items):
            metadata.update({"continue": f"{snapshot}-{end}", "remainingItemCount": len(items) - end})
        head = _json({"kind": f"{kind}List", "apiVersion": api_version, "metadata": metadata})
        return 200, b'%s,"items":[%s]}' % (head[:-1], b",".join(items[start:end]))

    def _replace(self, plural, namespace, name, body):
        """(status, body) of an update."""
        content = json.loads(body)
        with self.changed:
            before = self.objects.get(plural, {}).get((namespace, name))
            if before is None:
                return 404, _status(404, f'{plural} "{name}" not found')
            current = json.loads(before)["metadata"]["resourceVersion"]
            if content["metadata"].get("resourceVersion", current) != current:
                return 409, _status(409, "the object has been modified; please apply your changes to the latest version")
            self._store(plural, namespace, name, content)
            return 200, self.objects[plural][namespace, name]

    def _start_watching(self, plural, namespace, name, query):
        """A watcher, or the (status, body) of a refusal."""
        if "sendInitialEvents" in query:  # as servers without the gate WatchList: the client falls back to a list
            return 422, _status(422, "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the "
                                     "WatchList feature gate is enabled")
        version = int(query.get("resourceVersion") or 0)
        with self.changed:
            if version < self.oldest:
                return 410, _status(410, f"too old resource version: {version} ({self.oldest})")
            if version > self.version:
                return 504, _status(504, f"Too large resource version: {version}, current: {self.version}")
            watcher = _Watcher(plural, namespace, name)
            since = bisect.bisect_right(self.history, version, key=lambda event: event[0])
            watcher.lines.extend((0, line) for _, key, line in self.history[since:] if watcher.wants(*key))
            self.watchers.append(watcher)
            self.watches += 1
            return watcher

    def _news(self, watcher, end):
        """The lines that are due, waited for; None when the watch is over."""
        with self.changed:
            while not self.closing:
                now = time.monotonic()
                due = []
                while watcher.lines and watcher.lines[0][0] <= now:
                    due.append(watcher.lines.popleft()[1])
                if due:
                    return due
                if watcher.ended or now >= end:
                    return None
                self.changed.wait(min(end, watcher.lines[0][0] if watcher.lines else end) - now)
        return None

    def _handler(api):  # pylint: disable=no-self-argument
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def setup(self):
                with api.changed:
                    api.connections.add(self.request)
                super().setup()

            def finish(self):
                with api.changed:
                    api.connections.discard(self.request)
                with contextlib.suppress(OSError, ValueError):
                    super().finish()

            def handle(self):
                with api.changed:
                    api.changed.wait_for(lambda: api.closing or not api.deaf)
                with contextlib.suppress(OSError, ValueError):  # broken by the client, or by the test
                    super().handle()

            def do_GET(self):
                self.serve()

            def do_PUT(self):
                self.serve()

            def serve(self):
                url = urllib.parse.urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.call = Call(time.monotonic(), self.command, url.path, dict(urllib.parse.parse_qsl(url.query)),
                                 (self.headers.get("Authorization") or "").removeprefix("Bearer "))
                fault, usual = api._fault_for(self.call), self.wfile
                try:
                    if fault:
                        fault.lifted.wait(fault.delay)
                        self.wfile = _Wire(usual, fault)
                    self.answer_badly(fault) if fault and (fault.raw is not None or fault.status) else self.answer_well(body)
                except _Cut:
                    self.end(fault)
                finally:
                    self.wfile = usual

            def answer_badly(self, fault):
                if fault.raw is None:
                    return self.answer(fault.status, _status(fault.status, fault.message), fault.headers)
                self.wfile.write(fault.raw)
                raise _Cut

            def end(self, fault):
                self.close_connection = True
                if fault.ending == "silence":
                    fault.lifted.wait()
                elif fault.ending == "half":
                    socket.socket.shutdown(self.connection, socket.SHUT_WR)
                    self.rfile.read(1)
                elif fault.ending == "reset":
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    os.close(self.connection.detach())

            def answer_well(self, body):
                call = self.call
                matched = PATH.fullmatch(call.path)
                if call.token != api.token:
                    return self.answer(401, _status(401, "Unauthorized"))
                if not matched or KINDS.get(matched[3], ("",))[0] != matched[1]:
                    return self.answer(404, _status(404, f"the server could not find {call.path}"))
                namespace, plural, name = (text and urllib.parse.unquote(text) for text in matched.groups()[1:])
                if call.method == "PUT":
                    return self.answer(*api._replace(plural, namespace, name, body))
                if name:
                    with api.changed:
                        found = api.objects.get(plural, {}).get((namespace, name))
                    return self.answer(*((200, found) if found else (404, _status(404, f'{plural} "{name}" not found'))))
                name = call.query.get("fieldSelector", "").removeprefix("metadata.name=") or None
                if not call.is_watch:
                    return self.answer(*api._page(plural, namespace, name, call.query))
                watcher = api._start_watching(plural, namespace, name, call.query)
                if isinstance(watcher, tuple):
                    return self.answer(*watcher)
                try:
                    self.watch(watcher, time.monotonic() + float(call.query.get("timeoutSeconds") or 3600))
                finally:
                    with api.changed:
                        api.watchers.remove(watcher)

            def watch(self, watcher, end):
                self.call.status = 200
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                while (lines := api._news(watcher, end)) is not None:
                    news = b"".join(lines)
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(news), news))
                if not api.closing:
                    self.wfile.write(b"0\r\n\r\n")

            def answer(self, status, body, headers=None):
                self.call.status = status
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": len(body), **(headers or {})}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

        return Handler


def _json(content):
    return json.dumps(content, separators=(",", ":")).encode()


def _status(code, message):
    return _json({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code,
                  "reason": REASONS.get(code, ""), "message": message})


def _uid(content):
    return content and json.loads(content)["metadata"]["uid"]
