// OpenSSL's objects as owned values, and what tls.cc and pki.cc both read with it. For .cc files
// only.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace freehold::http {

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
template <class T, auto free>
using Owned = std::unique_ptr<T, Freed<free>>;

inline void free_x509_stack(STACK_OF(X509) * stack) {
  sk_X509_free(stack);
}  // not its certificates

using BioPtr = Owned<BIO, BIO_free_all>;
using BigNumber = Owned<BIGNUM, BN_free>;
using EvpPkey = Owned<EVP_PKEY, EVP_PKEY_free>;
using GeneralNames = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;
using SslCtx = Owned<SSL_CTX, SSL_CTX_free>;
using SslSessionPtr = Owned<SSL_SESSION, SSL_SESSION_free>;
using X509Extension = Owned<X509_EXTENSION, X509_EXTENSION_free>;
using X509Name = Owned<X509_NAME, X509_NAME_free>;
using X509Ptr = Owned<X509, X509_free>;
using X509Request = Owned<X509_REQ, X509_REQ_free>;
using X509Stack = Owned<STACK_OF(X509), free_x509_stack>;

std::string take_openssl_errors();  // and clears them
BioPtr read_bio(std::string_view text);
// At least one. Errors: `invalid`.
Result<std::vector<X509Ptr>> read_certificates(std::string_view pem);
Result<EvpPkey> read_key(std::string_view pem);
// The values of one kind of entry, as UTF-8, in order; empty for one that is not text or holds NUL.
std::vector<std::string> subject_texts(const X509_NAME* subject, int nid);
Result<Time> time_of(const ASN1_TIME* time);  // Errors: `invalid`.

}  // namespace freehold::http
