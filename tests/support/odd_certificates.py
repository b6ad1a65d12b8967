"""Certificates that a server should not be given, signed by the authority of a folder (see certificates.py)."""
import datetime
import ipaddress
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def make(folder, name, starts=-3600, ends=30 * 86400, addresses=("127.0.0.1",), rsa_bits=0, is_authority=False):
    """(certificate, key) as PEM; `starts` and `ends` in seconds from now."""
    folder, now = pathlib.Path(folder), datetime.datetime.now(datetime.timezone.utc)
    root = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
    root_key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    key = rsa.generate_private_key(65537, rsa_bits) if rsa_bits else ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(root.subject).public_key(key.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(now + datetime.timedelta(seconds=starts))
               .not_valid_after(now + datetime.timedelta(seconds=ends))
               .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
               .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False))
    if addresses:
        names = [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    certificate = builder.sign(root_key, hashes.SHA256())
    return (certificate.public_bytes(serialization.Encoding.PEM),
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
