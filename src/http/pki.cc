#include "http/pki.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <climits>
#include <ctime>

#include "base/check.h"
#include "base/strings.h"
#include "http/openssl.h"

namespace freehold::http {
namespace {

// RFC 5280 bounds a common name to 64 characters, which is less than a name of ours with its
// prefix; nobody enforces it. This holds "freehold:node:" and any DNS name.
constexpr size_t name_bytes = 320;
constexpr size_t organizations_most = 64;

Error failure(std::string_view what) {
  return Error{Reason::internal, fmt::format("cannot {}: {}", what, take_openssl_errors())};
}

Result<EvpPkey> make_key() {
  EvpPkey key(EVP_EC_gen("P-256"));
  if (!key) return failure("make a key");
  return key;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(size)};
}

Result<std::string> certificate_text(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), certificate) != 1)
    return failure("write a certificate");
  return text_of(bio.get());
}

Result<std::string> key_text(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return failure("write a key");
  }
  return text_of(bio.get());
}

// Entries keep RFC 4514's usual order: organizations, then the common name.
Result<X509Name> make_name(const Subject& subject) {
  X509Name name(X509_NAME_new());
  if (!name) return failure("make a name");
  const auto add = [&](int nid, const std::string& text) -> Result<void> {
    if (text.empty() || text.size() > name_bytes || !is_utf8(text) ||
        text.find('\0') != std::string::npos) {
      return Error{Reason::invalid,
                   fmt::format("a name in a certificate must be 1 to {} bytes of UTF-8 without NUL",
                               name_bytes)};
    }
    // A plain type, not MBSTRING_UTF8: that would enforce RFC 5280's 64 characters.
    if (X509_NAME_add_entry_by_NID(name.get(), nid, V_ASN1_UTF8STRING,
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()), -1, 0) != 1) {
      return failure("make a name");
    }
    return {};
  };
  if (subject.organizations.size() > organizations_most) {
    return Error{Reason::invalid,
                 fmt::format("a certificate names at most {} organizations", organizations_most)};
  }
  for (const std::string& organization : subject.organizations) {
    TRY(add(NID_organizationName, organization));
  }
  TRY(add(NID_commonName, subject.common_name));
  return name;
}

struct Authority {
  X509Ptr certificate;
  EvpPkey key;
};

Result<Authority> read_authority(const KeyPair& pair) {
  auto certificates = read_certificates(pair.certificate_pem);
  if (!certificates.ok()) return std::move(certificates).error().within("authority");
  auto key = read_key(pair.key_pem);
  if (!key.ok()) return std::move(key).error().within("authority");
  X509* certificate = (*certificates)[0].get();
  if (X509_check_private_key(certificate, key->get()) != 1) {
    take_openssl_errors();
    return Error{Reason::invalid, "authority: the key does not belong to the certificate"};
  }
  if (X509_check_ca(certificate) == 0) {
    return Error{Reason::invalid, "authority: the certificate is not one of an authority"};
  }
  return Authority{std::move((*certificates)[0]), std::move(*key)};
}

bool set_serial(X509* certificate) {
  std::string random = random_bytes(16);
  random[0] = static_cast<char>((random[0] & 0x7F) | 0x40);  // positive, and never short
  const BigNumber number(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(random.data()), 16, nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_validity(X509* certificate, Validity validity) {
  const std::time_t from = validity.from.us / 1'000'000;
  const std::time_t until = validity.until.us / 1'000'000;
  return ASN1_TIME_set(X509_getm_notBefore(certificate), from) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), until) != nullptr;
}

struct Extension {
  int nid;
  const char* value;  // in OpenSSL's configuration syntax; never made from input
};

bool add_extensions(X509* certificate, X509* issuer, std::initializer_list<Extension> extensions) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  for (const Extension& extension : extensions) {
    const X509Extension made(
        X509V3_EXT_conf_nid(nullptr, &context, extension.nid, extension.value));
    if (!made || X509_add_ext(certificate, made.get(), -1) != 1) return false;
  }
  return true;
}

// Everything but the extensions and the signature.
Result<X509Ptr> make_certificate(const X509_NAME* subject, const X509_NAME* issuer, EVP_PKEY* key,
                                 Validity validity) {
  if (validity.until <= validity.from) {
    return Error{Reason::invalid, "a certificate must end after it begins"};
  }
  X509Ptr certificate(X509_new());
  if (!certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      !set_serial(certificate.get()) || !set_validity(certificate.get(), validity) ||
      X509_set_subject_name(certificate.get(), subject) != 1 ||
      X509_set_issuer_name(certificate.get(), issuer) != 1 ||
      X509_set_pubkey(certificate.get(), key) != 1) {
    return failure("make a certificate");
  }
  return certificate;
}

Result<std::string> sign(X509* certificate, EVP_PKEY* key) {
  if (X509_sign(certificate, key, EVP_sha256()) == 0) return failure("sign a certificate");
  return certificate_text(certificate);
}

bool push_name(GENERAL_NAMES* names, int type, int string_type, std::string_view value) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_STRING* text = ASN1_STRING_type_new(string_type);
  if (name == nullptr || text == nullptr ||
      ASN1_STRING_set(text, value.data(), static_cast<int>(value.size())) != 1) {
    ASN1_STRING_free(text);
    GENERAL_NAME_free(name);
    return false;
  }
  GENERAL_NAME_set0_value(name, type, text);
  if (sk_GENERAL_NAME_push(names, name) > 0) return true;
  GENERAL_NAME_free(name);
  return false;
}

Result<GeneralNames> make_host_names(const std::vector<std::string>& hosts) {
  GeneralNames names(GENERAL_NAMES_new());
  if (!names) return failure("make a list of names");
  for (const std::string& host : hosts) {
    std::array<char, 16> address{};
    bool pushed = false;
    if (inet_pton(AF_INET, host.c_str(), address.data()) == 1) {
      pushed = push_name(names.get(), GEN_IPADD, V_ASN1_OCTET_STRING, {address.data(), 4});
    } else if (inet_pton(AF_INET6, host.c_str(), address.data()) == 1) {
      pushed = push_name(names.get(), GEN_IPADD, V_ASN1_OCTET_STRING, {address.data(), 16});
    } else {
      const std::string_view text = host;
      if (!is_dns_subdomain(text.starts_with("*.") ? text.substr(2) : text)) {
        return Error{Reason::invalid,
                     fmt::format("host \"{}\" is neither a DNS name nor an IP address", host)};
      }
      pushed = push_name(names.get(), GEN_DNS, V_ASN1_IA5STRING, text);
    }
    if (!pushed) return failure("make a list of names");
  }
  return names;
}

// RFC 7468 writes 64 characters a line; no request of ours comes near this.
constexpr size_t request_bytes = 64u << 10;

bool is_known_curve(const EVP_PKEY* key) {
  std::array<char, 32> name{};
  size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) != 1) return false;
  const std::string_view curve(name.data(), size);
  return curve == "prime256v1" || curve == "secp384r1" || curve == "secp521r1";
}

// Keys that Go, OpenSSL and the rest of the field accept and that nobody can break.
bool is_strong(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_EC:
      return is_known_curve(key);
    case EVP_PKEY_ED25519:
      return true;
    case EVP_PKEY_RSA:
      return EVP_PKEY_get_bits(key) >= 2048 && EVP_PKEY_get_bits(key) <= 8192;
    default:
      return false;
  }
}

Result<std::string> issue_to(const Authority& authority, EVP_PKEY* key, const Subject& subject,
                             Use use, Validity validity) {
  const X509Name name = TRY(make_name(subject));
  const X509Ptr certificate = TRY(make_certificate(
      name.get(), X509_get_subject_name(authority.certificate.get()), key, validity));
  if (!add_extensions(
          certificate.get(), authority.certificate.get(),
          {{NID_basic_constraints, "critical,CA:FALSE"},
           {NID_key_usage, "critical,digitalSignature"},
           {NID_ext_key_usage, use == Use::call ? "clientAuth" : "clientAuth,serverAuth"},
           {NID_subject_key_identifier, "hash"},
           {NID_authority_key_identifier, "keyid:always"}})) {
    return failure("make a certificate");
  }
  return sign(certificate.get(), authority.key.get());
}

// A request whose key is strong, and held by its sender.
Result<X509Request> read_request(std::string_view request_pem) {
  const BioPtr bio = read_bio(request_pem.substr(0, request_bytes));
  X509Request request(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  EVP_PKEY* key = request ? X509_REQ_get0_pubkey(request.get()) : nullptr;
  if (key == nullptr)
    return Error{Reason::invalid, "not a PEM of a certificate request (PKCS #10)"};
  if (!is_strong(key)) {
    return Error{
        Reason::invalid,
        "the key of the certificate request must be ECDSA on P-256, P-384 or P-521, Ed25519, or "
        "RSA of 2048 to 8192 bits"};
  }
  if (X509_REQ_verify(request.get(), key) != 1) {
    ERR_clear_error();
    return Error{Reason::invalid, "the certificate request is not signed with its own key"};
  }
  return request;
}

// Looked up once: OpenSSL searches its providers for each use of EVP_sha256().
const EVP_MD* sha256_method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  CHECK(method != nullptr, "OpenSSL knows SHA-256");
  return method;
}

}  // namespace

Result<KeyPair> make_authority(std::string_view common_name, Validity validity) {
  const EvpPkey key = TRY(make_key());
  const X509Name name = TRY(make_name({std::string(common_name), {}}));
  const X509Ptr certificate = TRY(make_certificate(name.get(), name.get(), key.get(), validity));
  if (!add_extensions(certificate.get(), certificate.get(),
                      {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                       {NID_key_usage, "critical,keyCertSign,cRLSign,digitalSignature"},
                       {NID_subject_key_identifier, "hash"},
                       {NID_authority_key_identifier, "keyid:always"}})) {
    return failure("make a certificate");
  }
  std::string text = TRY(sign(certificate.get(), key.get()));
  return KeyPair{std::move(text), TRY(key_text(key.get()))};
}

Result<KeyPair> issue_server(const KeyPair& authority, const std::vector<std::string>& hosts,
                             Validity validity) {
  if (hosts.empty()) {
    return Error{Reason::invalid, "a server certificate needs at least one host"};
  }
  const Authority issuer = TRY(read_authority(authority));
  const GeneralNames names = TRY(make_host_names(hosts));
  const EvpPkey key = TRY(make_key());
  const X509Name name = TRY(make_name({hosts[0], {}}));
  const X509Ptr certificate = TRY(make_certificate(
      name.get(), X509_get_subject_name(issuer.certificate.get()), key.get(), validity));
  if (!add_extensions(certificate.get(), issuer.certificate.get(),
                      {{NID_basic_constraints, "critical,CA:FALSE"},
                       {NID_key_usage, "critical,digitalSignature"},
                       {NID_ext_key_usage, "serverAuth"},
                       {NID_subject_key_identifier, "hash"},
                       {NID_authority_key_identifier, "keyid:always"}}) ||
      X509_add1_ext_i2d(certificate.get(), NID_subject_alt_name, names.get(), 0,
                        X509V3_ADD_DEFAULT) != 1) {
    return failure("make a certificate");
  }
  std::string chain = TRY(sign(certificate.get(), issuer.key.get()));
  // The authority comes along, so that a client that knows only its hash can join.
  chain += TRY(certificate_text(issuer.certificate.get()));
  return KeyPair{std::move(chain), TRY(key_text(key.get()))};
}

Result<KeyPair> issue_client(const KeyPair& authority, const Subject& subject, Validity validity) {
  const Authority issuer = TRY(read_authority(authority));
  const EvpPkey key = TRY(make_key());
  std::string text = TRY(issue_to(issuer, key.get(), subject, Use::call, validity));
  return KeyPair{std::move(text), TRY(key_text(key.get()))};
}

Result<KeyPair> make_request() {
  const EvpPkey key = TRY(make_key());
  const X509Request request(X509_REQ_new());
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!request || !bio || X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_pubkey(request.get(), key.get()) != 1 ||
      X509_REQ_sign(request.get(), key.get(), EVP_sha256()) == 0 ||
      PEM_write_bio_X509_REQ(bio.get(), request.get()) != 1) {
    return failure("make a certificate request");
  }
  return KeyPair{text_of(bio.get()), TRY(key_text(key.get()))};
}

Result<std::string> sign_request(const KeyPair& authority, std::string_view request_pem,
                                 const Subject& subject, Use use, Validity validity) {
  const Authority issuer = TRY(read_authority(authority));
  const X509Request request = TRY(read_request(request_pem));
  return issue_to(issuer, X509_REQ_get0_pubkey(request.get()), subject, use, validity);
}

Result<std::string> request_key_sha256(std::string_view request_pem) {
  const X509Request request = TRY(read_request(request_pem));
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(X509_REQ_get0_pubkey(request.get()), &der);
  if (size <= 0) return failure("write the key of a certificate request");
  const std::string bytes(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return to_hex(sha256(bytes));
}

Result<Validity> certificate_validity(std::string_view certificate_pem) {
  const auto certificates = TRY(read_certificates(certificate_pem));
  const X509* certificate = certificates[0].get();
  const Time from = TRY(time_of(X509_get0_notBefore(certificate)));
  return Validity{from, TRY(time_of(X509_get0_notAfter(certificate)))};
}

Result<Subject> certificate_subject(std::string_view certificate_pem) {
  const auto certificates = TRY(read_certificates(certificate_pem));
  const X509_NAME* name = X509_get_subject_name(certificates[0].get());
  Subject subject;
  auto common_names = subject_texts(name, NID_commonName);
  if (common_names.size() == 1) subject.common_name = std::move(common_names[0]);
  subject.organizations = subject_texts(name, NID_organizationName);
  return subject;
}

Result<std::string> certificate_sha256(std::string_view certificate_pem) {
  const auto certificates = TRY(read_certificates(certificate_pem));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (X509_digest(certificates[0].get(), EVP_sha256(), digest.data(), &size) != 1) {
    return failure("hash a certificate");
  }
  return to_hex({reinterpret_cast<const char*>(digest.data()), size});
}

std::string sha256(std::string_view bytes) {
  std::string digest(32, '\0');
  CHECK(EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()),
                   nullptr, sha256_method(), nullptr) == 1,
        "SHA-256 cannot fail");
  return digest;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  CHECK(key.size() <= INT_MAX, "a key is short");
  std::string digest(32, '\0');
  unsigned int size = 0;
  CHECK(HMAC(sha256_method(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
             reinterpret_cast<unsigned char*>(digest.data()), &size) != nullptr,
        "HMAC cannot fail");
  return digest;
}

std::string random_bytes(size_t count) {
  CHECK(count <= INT_MAX, "so much is never needed");
  std::string bytes(count, '\0');
  CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) == 1,
        "the system gives no entropy");
  return bytes;
}

}  // namespace freehold::http
