"""A private CA and server certificates for loopback TLS, made with the openssl program."""
import pathlib
import subprocess


def _openssl(*arguments, stdin=""):
    subprocess.run(["openssl", *arguments], input=stdin, text=True, check=True, capture_output=True)


def make_authority(folder):
    """Writes ca.crt and ca.key into `folder` and gives the path of the former."""
    folder = pathlib.Path(folder)
    _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
             "-subj", "/CN=irsa test CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
             "-keyout", folder / "ca.key", "-out", folder / "ca.crt")
    return folder / "ca.crt"


def make_server(folder, name, *alternative_names, digest="sha256"):
    """Writes NAME.crt and NAME.key, signed by the authority of `folder`; names are such as "IP:127.0.0.1". Gives both paths."""
    folder = pathlib.Path(folder)
    certificate, key, request = (folder / f"{name}.{kind}" for kind in ("crt", "key", "csr"))
    extensions = folder / f"{name}.ext"
    extensions.write_text(f"subjectAltName={','.join(alternative_names)}\nextendedKeyUsage=serverAuth\n")
    _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
             "-keyout", key, "-out", request)
    _openssl("x509", "-req", "-in", request, "-CA", folder / "ca.crt", "-CAkey", folder / "ca.key", "-CAcreateserial",
             "-days", "30", f"-{digest}", "-extfile", extensions, "-out", certificate)
    return certificate, key
