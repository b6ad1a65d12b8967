"""tools/make-image: the image is what it says, and the same files give the same bytes."""
import hashlib
import io
import json
import pathlib
import subprocess
import tarfile
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools/make-image"


class MakeImage(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "one").write_bytes(b"first program")
        (self.folder / "two").write_bytes(b"second program")

    def make(self, out):
        subprocess.run([TOOL, self.folder / out, "example/image:1", "--entrypoint", "/two", "--user", "65532", f"one={self.folder}/one",
                        f"two={self.folder}/two", f"usr/bin/again={self.folder}/two"], check=True)
        return (self.folder / out).read_bytes()

    def test_the_same_files_give_the_same_bytes(self):
        self.assertEqual(self.make("a.tar"), self.make("b.tar"))

    def test_every_blob_has_the_digest_it_is_named_by(self):
        with tarfile.open(fileobj=io.BytesIO(self.make("a.tar"))) as image:
            blobs = [entry for entry in image if entry.isfile() and entry.name.startswith("blobs/")]
            self.assertEqual(len(blobs), 3)
            for entry in blobs:
                self.assertEqual(entry.name, "blobs/sha256/" + hashlib.sha256(image.extractfile(entry).read()).hexdigest())

    def test_docker_and_oci_readers_find_the_same_image(self):
        with tarfile.open(fileobj=io.BytesIO(self.make("a.tar"))) as image:
            read = lambda name: json.load(image.extractfile(name))
            path = lambda entry: "blobs/sha256/" + entry["digest"].split(":")[1]
            [index], [docker] = read("index.json")["manifests"], read("manifest.json")
            manifest = read(path(index))
            self.assertEqual(docker, {"Config": path(manifest["config"]), "RepoTags": ["example/image:1"],
                                      "Layers": [path(layer) for layer in manifest["layers"]]})
            self.assertEqual(read(docker["Config"])["config"], {"Entrypoint": ["/two"], "Env": ["PATH=/:/usr/local/bin"], "User": "65532:65532"})

    def test_the_layer_holds_the_files_and_nothing_of_a_distribution(self):
        with tarfile.open(fileobj=io.BytesIO(self.make("a.tar"))) as image:
            [docker] = json.load(image.extractfile("manifest.json"))
            with tarfile.open(fileobj=image.extractfile(docker["Layers"][0])) as layer:
                names = {entry.name: entry for entry in layer}
                self.assertEqual(set(names), {"etc", "etc/passwd", "etc/group", "tmp", "one", "two", "usr", "usr/bin", "usr/bin/again"})
                self.assertEqual(layer.extractfile("usr/bin/again").read(), b"second program")
                self.assertEqual(names["two"].mode, 0o755)


if __name__ == "__main__":
    unittest.main()
