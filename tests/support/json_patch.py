"""RFC 6902 as an admission webhook uses it."""
import copy


def _steps(pointer):
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def apply(document, operations):
    """Gives the document with the operations carried out; raises where the API server would refuse them."""
    result = copy.deepcopy(document)
    for operation in operations:
        *path, last = _steps(operation["path"])
        parent = result
        for step in path:
            parent = parent[int(step)] if isinstance(parent, list) else parent[step]
        kind, value = operation["op"], operation.get("value")
        if kind not in ("add", "remove", "replace", "test"):
            raise ValueError(f"no operation of an admission patch: {kind}")
        if isinstance(parent, list):
            index = len(parent) if last == "-" else int(last)
            if kind == "add" and index <= len(parent):
                parent.insert(index, value)
                continue
            last = index
        elif kind == "add":
            parent[last] = value
            continue
        present = parent[last]
        if kind == "replace":
            parent[last] = value
        elif kind == "remove":
            del parent[last]
        elif present != value:
            raise ValueError(f"test failed at {operation['path']}")
    return result
