#include "http/openssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <climits>
#include <ctime>

#include "base/limits.h"

namespace freehold::http {
namespace {

// PEM asks for a pass phrase on the terminal unless it is told that there is none.
int no_pass_phrase(char*, int, int, void*) { return -1; }

}  // namespace

std::string take_openssl_errors() {
  std::string text;
  while (const unsigned long code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    if (!text.empty()) text += ", ";
    text += reason != nullptr ? reason : "error " + std::to_string(code);
  }
  return text.empty() ? "unknown error" : text;
}

BioPtr read_bio(std::string_view text) {
  if (text.size() > limits::object_bytes) text = {};  // no PEM of ours is as large
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Result<std::vector<X509Ptr>> read_certificates(std::string_view pem) {
  const BioPtr bio = read_bio(pem);
  std::vector<X509Ptr> certificates;
  ERR_clear_error();
  while (X509* read = PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr)) {
    certificates.emplace_back(read);
  }
  const unsigned long code = ERR_peek_last_error();
  const bool at_end =
      ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (certificates.empty() || !at_end) {
    return Error{Reason::invalid, "not a PEM of X.509 certificates"};
  }
  return certificates;
}

Result<EvpPkey> read_key(std::string_view pem) {
  const BioPtr bio = read_bio(pem);
  EvpPkey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr));
  ERR_clear_error();
  if (!key) return Error{Reason::invalid, "not a PEM of a private key without pass phrase"};
  return key;
}

std::vector<std::string> subject_texts(const X509_NAME* subject, int nid) {
  std::vector<std::string> texts;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, nid, at)) >= 0;) {
    const ASN1_STRING* data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    unsigned char* utf8 = nullptr;
    const int size = ASN1_STRING_to_UTF8(&utf8, data);
    std::string& text = texts.emplace_back();
    if (size < 0) continue;
    text.assign(reinterpret_cast<char*>(utf8), static_cast<size_t>(size));
    OPENSSL_free(utf8);
    if (text.find('\0') != std::string::npos) text.clear();
  }
  ERR_clear_error();
  return texts;
}

Result<Time> time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    return Error{Reason::invalid, "the certificate holds no valid time"};
  }
  return Time{int64_t{timegm(&parts)} * 1'000'000};
}

}  // namespace freehold::http
