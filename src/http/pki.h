// Keys and certificates (ECDSA P-256, X.509): the authority that a server makes at its first start,
// the certificates that it issues, and the requests that agents send. Pure but for the system's
// entropy; times are arguments. Source of formats: RFC 5280, RFC 2986, RFC 7468 (PEM).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace freehold::http {

struct KeyPair {
  std::string certificate_pem, key_pem;
};

struct Subject {
  std::string common_name;                   // user name, e.g. "freehold:node:gpu-1"
  std::vector<std::string> organizations{};  // groups, e.g. "freehold:nodes"
};

struct Validity {
  Time from, until;
};

Result<KeyPair> make_authority(std::string_view common_name, Validity validity);
// A server certificate names hosts: DNS names or IP addresses.
Result<KeyPair> issue_server(const KeyPair& authority, const std::vector<std::string>& hosts,
                             Validity validity);
Result<KeyPair> issue_client(const KeyPair& authority, const Subject& subject, Validity validity);

// PKCS #10. The subject in the request is ignored by sign_request: the caller decides who it is.
// The certificate never names a host, so that nobody can pose as one: who serves with it is known
// by the subject (ClientOptions::common_name).
enum class Use : uint8_t { call, call_and_serve };
Result<KeyPair> make_request();  // certificate_pem holds the CERTIFICATE REQUEST
Result<std::string> sign_request(const KeyPair& authority, std::string_view request_pem,
                                 const Subject& subject, Use use, Validity validity);
// Of the public key (DER of its SubjectPublicKeyInfo), hex. Errors: as sign_request().
Result<std::string> request_key_sha256(std::string_view request_pem);

Result<Validity> certificate_validity(std::string_view certificate_pem);
Result<Subject> certificate_subject(std::string_view certificate_pem);
Result<std::string> certificate_sha256(std::string_view certificate_pem);  // hex, of the DER
std::string sha256(std::string_view bytes);                                // 32 bytes
std::string hmac_sha256(std::string_view key, std::string_view bytes);
std::string random_bytes(size_t count);  // system entropy; CHECKs

}  // namespace freehold::http
