#include "crypto/certificate.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/time.h"
#include "crypto/digest.h"
#include "crypto/openssl.h"
#include "text/encoding.h"

namespace crypto {
namespace {

using OwnedName = Owned<GENERAL_NAME, GENERAL_NAME_free>;
using OwnedNames = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;
using OwnedExtension = Owned<X509_EXTENSION, X509_EXTENSION_free>;
using OwnedAddress = Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using OwnedStore = Owned<X509_STORE, X509_STORE_free>;
using OwnedStoreContext = Owned<X509_STORE_CTX, X509_STORE_CTX_free>;

void freeStack(STACK_OF(X509) * stack) { sk_X509_free(stack); }  // the stack alone, not what it points to

constexpr std::size_t kSerialBytes = 16;

// A certificate being made. Every step is remembered in `good`, so callers check once.
struct Draft {
  OwnedX509 certificate{X509_new()};
  bool good = true;

  void must(int outcome) { good = good && outcome > 0; }

  // `text` is OpenSSL's extension syntax; only constants of this file go there, never names from outside.
  void extension(X509* issuer, int kind, const char* text) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer, certificate.get(), nullptr, nullptr, 0);
    OwnedExtension made(X509V3_EXT_conf_nid(nullptr, &context, kind, text));
    must(made ? X509_add_ext(certificate.get(), made.get(), -1) : 0);
  }

  void names(const std::vector<std::string>& list, bool critical) {
    OwnedNames names(sk_GENERAL_NAME_new_null());
    for (const std::string& text : list) {
      OwnedName name(GENERAL_NAME_new());
      OwnedAddress address(a2i_IPADDRESS(text.c_str()));
      if (address) {
        GENERAL_NAME_set0_value(name.get(), GEN_IPADD, address.release());
      } else {
        ASN1_IA5STRING* host = ASN1_IA5STRING_new();
        must(ASN1_STRING_set(host, text.data(), int(text.size())));
        GENERAL_NAME_set0_value(name.get(), GEN_DNS, host);
      }
      must(sk_GENERAL_NAME_push(names.get(), name.release()));
    }
    must(X509_add1_ext_i2d(certificate.get(), NID_subject_alt_name, names.get(), critical ? 1 : 0, X509V3_ADD_DEFAULT));
  }
};

// Positive and of full length in DER: the top bit is clear, the next one set (RFC 5280, section 4.1.2.2).
std::string serialFrom(std::string bytes) {
  bytes.resize(kSerialBytes, '\0');
  bytes[0] = char((bytes[0] & 0x3f) | 0x40);
  return bytes;
}

// Version, serial, dates, subject and key. An empty common name makes an empty subject.
Draft draftOf(std::string_view commonName, Validity validity, EVP_PKEY* key, const std::string& serial) {
  Draft draft;
  X509* certificate = draft.certificate.get();
  OwnedNumber number(BN_bin2bn(bytesOf(serial), int(serial.size()), nullptr));
  draft.must(X509_set_version(certificate, X509_VERSION_3));
  draft.must(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr);
  draft.must(ASN1_TIME_set(X509_getm_notBefore(certificate), base::unixSeconds(validity.notBefore)) != nullptr);
  draft.must(ASN1_TIME_set(X509_getm_notAfter(certificate), base::unixSeconds(validity.notAfter)) != nullptr);
  draft.must(X509_set_pubkey(certificate, key));
  if (!commonName.empty())
    draft.must(X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName, MBSTRING_UTF8,
                                          bytesOf(commonName), int(commonName.size()), -1, 0));
  return draft;
}

base::Result<OwnedX509> signedBy(Draft draft, X509* issuer, EVP_PKEY* issuerKey) {
  draft.must(X509_set_issuer_name(draft.certificate.get(), X509_get_subject_name(issuer)));
  draft.must(draft.good ? X509_sign(draft.certificate.get(), issuerKey, EVP_sha256()) : 0);
  if (!draft.good) return base::internal("OpenSSL cannot make the certificate");
  return std::move(draft.certificate);
}

std::string pemOf(X509* certificate) {
  OwnedBio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return contents(bio.get());
}

base::Result<void> checkValidity(Validity validity) {
  if (validity.notBefore < validity.notAfter) return {};
  return base::invalid("a certificate that ends " + base::rfc3339(validity.notAfter) + " cannot begin " +
                       base::rfc3339(validity.notBefore));
}

base::Result<void> checkCommonName(std::string_view commonName) {
  if (!commonName.empty() && commonName.size() <= 64) return {};
  return base::invalid("a certificate's common name has 1 to 64 characters (RFC 5280, appendix A), \"" +
                       std::string(commonName) + "\" has " + std::to_string(commonName.size()));
}

// A host name of ASCII letters, digits, '-', '_' and dots, with at most one '*' as its whole first label.
bool isHostName(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  bool labelEmpty = true;
  for (char c : name) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!plain && (c != '.' || labelEmpty)) return false;
    labelEmpty = c == '.';
  }
  return !labelEmpty && name.size() <= 253;
}

bool isAddress(const std::string& name) { return OwnedAddress(a2i_IPADDRESS(name.c_str())) != nullptr; }

base::Result<void> checkNames(const std::vector<std::string>& names) {
  if (names.empty()) return base::invalid("a server's certificate needs at least one name");
  for (const std::string& name : names)
    if (!isAddress(name) && !isHostName(name))
      return base::invalid("\"" + name + "\" is neither a host name nor an IP address, so no certificate can carry it");
  return {};
}

base::Result<std::vector<OwnedX509>> readAll(std::string_view pem) {
  std::vector<OwnedX509> certificates;
  for (const PemBlock& block : TRY(pemBlocks(pem))) {
    if (block.name != "CERTIFICATE") continue;
    const unsigned char* at = bytesOf(block.der);
    OwnedX509 certificate(d2i_X509(nullptr, &at, long(block.der.size())));
    if (!certificate || at != bytesOf(block.der) + block.der.size())
      return base::invalid("certificate " + std::to_string(certificates.size() + 1) + " of the PEM text is damaged");
    certificates.push_back(std::move(certificate));
  }
  if (certificates.empty()) return base::invalid("there is no certificate in the PEM text");
  return certificates;
}

std::string textOf(X509_NAME* name) {
  OwnedBio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  return contents(bio.get());
}

base::Time timeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  std::chrono::year_month_day date{std::chrono::year(parts.tm_year + 1900),
                                   std::chrono::month(unsigned(parts.tm_mon) + 1),
                                   std::chrono::day(unsigned(parts.tm_mday))};
  return base::Time(std::chrono::sys_days(date)) + std::chrono::hours(parts.tm_hour) +
         std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
}

std::string dottedOf(std::string_view bytes) {
  std::string out;
  for (char byte : bytes) out += (out.empty() ? "" : ".") + std::to_string(static_cast<unsigned char>(byte));
  return out;
}

// RFC 5952: lower case, and the longest run of two or more zero groups as "::".
std::string colonsOf(std::string_view bytes) {
  std::array<std::string, 8> groups;
  for (std::size_t i = 0; i < 8; ++i) {
    std::string group = text::hex(bytes.substr(2 * i, 2));
    groups[i] = group.substr(std::min(group.find_first_not_of('0'), std::size_t(3)));
  }
  std::size_t start = 8, length = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t end = i;
    while (end < 8 && groups[end] == "0") ++end;
    if (end - i > length) start = i, length = end - i;
  }
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == start) out += "::", i += length;
    if (i >= 8) break;
    out += (out.empty() || out.back() == ':' ? "" : ":") + groups[i];
  }
  return out;
}

std::vector<std::string> namesOf(const X509* certificate) {
  std::vector<std::string> names;
  OwnedNames list(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    int kind = 0;
    auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(list.get(), i), &kind));
    if (kind != GEN_DNS && kind != GEN_IPADD) continue;
    std::string bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                      std::size_t(ASN1_STRING_length(value)));
    if (kind == GEN_DNS) names.push_back(bytes);
    if (kind == GEN_IPADD && bytes.size() == 4) names.push_back(dottedOf(bytes));
    if (kind == GEN_IPADD && bytes.size() == 16) names.push_back(colonsOf(bytes));
  }
  return names;
}

std::string serialOf(const X509* certificate) {
  OwnedNumber number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  std::string bytes(std::size_t(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), bytesOf(bytes));
  return text::hex(bytes);
}

Certificate described(X509* certificate) {
  Certificate out;
  out.subject = textOf(X509_get_subject_name(certificate));
  out.issuer = textOf(X509_get_issuer_name(certificate));
  out.notBefore = timeOf(X509_get0_notBefore(certificate));
  out.notAfter = timeOf(X509_get0_notAfter(certificate));
  out.names = namesOf(certificate);
  out.isAuthority = X509_check_ca(certificate) == 1;
  out.serial = serialOf(certificate);
  out.der = derOf<const X509>(certificate, i2d_X509);
  out.pem = pemOf(certificate);
  out.spki = derOf<const X509_PUBKEY>(X509_get_X509_PUBKEY(certificate), i2d_X509_PUBKEY);
  return out;
}

// "the certificate for a, b (2026-01-01T00:00:00Z to 2027-01-01T00:00:00Z)"
std::string spoken(const Certificate& certificate) {
  std::string names;
  for (const std::string& name : certificate.names) names += (names.empty() ? "" : ", ") + name;
  return "the certificate for " + (names.empty() ? certificate.subject : names) + " (" +
         base::rfc3339(certificate.notBefore) + " to " + base::rfc3339(certificate.notAfter) + ")";
}

base::Result<std::string> derOver(const PublicKey& key, std::string_view commonName, Validity validity,
                                  const SigningKey& issuerKey) {
  ForgetErrors quiet;
  TRY(checkCommonName(commonName));
  TRY(checkValidity(validity));
  // The same key gives the same serial, so that an RSA key's document does not change from run to run.
  Draft draft = draftOf(commonName, validity, key.handle(), serialFrom(sha256(key.spki())));
  X509* self = draft.certificate.get();
  draft.extension(self, NID_key_usage, "critical,digitalSignature");
  draft.extension(self, NID_subject_key_identifier, "hash");
  auto certificate = TRY(signedBy(std::move(draft), self, issuerKey.handle()));
  return derOf<const X509>(certificate.get(), i2d_X509);
}

}  // namespace

base::Result<CertifiedKey> makeAuthority(std::string_view commonName, Validity validity,
                                         const base::RandomBytes& random) {
  ForgetErrors quiet;
  TRY(checkCommonName(commonName));
  TRY(checkValidity(validity));
  auto key = TRY(SigningKey::generateEc("P-256"));
  Draft draft = draftOf(commonName, validity, key.handle(), serialFrom(random(kSerialBytes)));
  X509* self = draft.certificate.get();
  draft.extension(self, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  draft.extension(self, NID_key_usage, "critical,keyCertSign,cRLSign");
  draft.extension(self, NID_subject_key_identifier, "hash");
  draft.extension(self, NID_authority_key_identifier, "keyid:always");
  auto certificate = TRY(signedBy(std::move(draft), self, key.handle()));
  return CertifiedKey{pemOf(certificate.get()), key.pem()};
}

base::Result<CertifiedKey> makeServerLeaf(const CertifiedKey& authority, const std::vector<std::string>& names,
                                          Validity validity, const base::RandomBytes& random) {
  ForgetErrors quiet;
  TRY(checkNames(names));
  TRY(checkValidity(validity));
  auto issuers = TRY(readAll(authority.certificatePem));
  auto issuerKey = TRY(SigningKey::fromPem(authority.keyPem));
  X509* issuer = issuers.front().get();
  if (X509_check_private_key(issuer, issuerKey.handle()) != 1)
    return base::invalid("the authority's private key does not belong to its certificate");
  auto key = TRY(SigningKey::generateEc("P-256"));
  Draft draft = draftOf("", validity, key.handle(), serialFrom(random(kSerialBytes)));
  draft.extension(issuer, NID_basic_constraints, "critical,CA:FALSE");
  draft.extension(issuer, NID_key_usage, "critical,digitalSignature");
  draft.extension(issuer, NID_ext_key_usage, "serverAuth");
  draft.extension(issuer, NID_subject_key_identifier, "hash");
  draft.extension(issuer, NID_authority_key_identifier, "keyid:always");
  // With an empty subject the names are the identity, and must be critical (RFC 5280, section 4.2.1.6).
  draft.names(names, true);
  auto certificate = TRY(signedBy(std::move(draft), issuer, issuerKey.handle()));
  return CertifiedKey{pemOf(certificate.get()), key.pem()};
}

base::Result<std::vector<Certificate>> certificatesFromPem(std::string_view pem) {
  ForgetErrors quiet;
  std::vector<Certificate> out;
  for (const OwnedX509& certificate : TRY(readAll(pem))) out.push_back(described(certificate.get()));
  return out;
}

base::Result<void> verifyServer(std::string_view leafPem, std::string_view rootsPem, std::string_view name,
                                base::Time now) {
  ForgetErrors quiet;
  auto chain = TRY(readAll(leafPem));
  auto roots = TRY(readAll(rootsPem));
  OwnedStore store(X509_STORE_new());
  for (const OwnedX509& root : roots) X509_STORE_add_cert(store.get(), root.get());
  Owned<STACK_OF(X509), freeStack> between(sk_X509_new_null());
  for (std::size_t i = 1; i < chain.size(); ++i) sk_X509_push(between.get(), chain[i].get());
  OwnedStoreContext context(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(context.get(), store.get(), chain.front().get(), between.get()) != 1)
    return base::internal("OpenSSL cannot begin to verify a certificate");
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  // As Go's verifier, which the API server uses: any certificate of the roots is trusted, and only SANs name a server.
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM_set_time(rules, base::unixSeconds(now));
  std::string text(name);
  if (isAddress(text))
    X509_VERIFY_PARAM_set1_ip_asc(rules, text.c_str());
  else
    X509_VERIFY_PARAM_set1_host(rules, text.data(), text.size());
  if (X509_verify_cert(context.get()) == 1) return {};
  std::string reason = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  return base::Error{base::ErrorKind::Denied, "",
                     spoken(described(chain.front().get())) + " does not prove a server named " + text + " at " +
                         base::rfc3339(now) + ": " + reason};
}

base::Result<void> checkServerLeaf(std::string_view leafPem) {
  ForgetErrors quiet;
  auto chain = TRY(readAll(leafPem));
  X509* leaf = chain.front().get();
  const Certificate about = described(leaf);
  if (about.names.empty())
    return base::invalid(spoken(about) + " has no subject alternative names, and no client looks at its subject");
  int digest = NID_undef, bits = 0;
  X509_get_signature_info(leaf, &digest, nullptr, &bits, nullptr);
  if (digest == NID_sha1 || digest == NID_md5)
    return base::invalid(spoken(about) + " is signed with " + OBJ_nid2sn(digest) + ", which clients refuse");
  const EVP_PKEY* key = X509_get0_pubkey(leaf);
  if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) < 2048)
    return base::invalid(spoken(about) + " has an RSA key of " + std::to_string(EVP_PKEY_get_bits(key)) +
                         " bits; clients want 2048");
  return {};
}

base::Result<std::string> selfSignedDer(const SigningKey& key, std::string_view commonName, Validity validity) {
  return derOver(key.publicKey(), commonName, validity, key);
}

base::Result<std::string> certifiedDer(const PublicKey& key, std::string_view commonName, Validity validity) {
  auto passing = TRY(SigningKey::generateEc("P-256"));
  return derOver(key, commonName, validity, passing);
}

}  // namespace crypto
