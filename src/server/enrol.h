// Enrolment: an agent gets a certificate, for its Node and as long as that is there. What the
// certificate says is decided here alone.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/pki.h"
#include "ledger/ledger.h"
#include "runtime/runtime.h"

namespace freehold::server {

struct Enrolment {
  std::string node;
  std::string site{};              // of a Node that has none yet; empty: its agent says it
  std::string request_pem;         // PKCS #10; only its key counts
  std::string uid{};               // of a Node that is to be made; empty: any
  std::vector<ledger::Op> with{};  // lands in the same commit
};

// Empty, or what is wrong with a site that Nodes shall name; none is given: nothing.
std::string fault_of_site(std::string_view site);

// The certificate of an agent. Errors: `invalid` for the request.
Result<std::string> certify(const http::KeyPair& authority, std::string_view request_pem,
                            std::string_view node, std::string_view uid, Time now);

// Makes the Node unless there is one of that name, and certifies. `done` runs later. Errors: as
// certify() and `invalid` for the site, before anything is written; those of the ledger.
void enrol(Runtime& runtime, ledger::Ledger& ledger, const http::KeyPair& authority,
           Enrolment enrolment, std::function<void(Result<std::string>)> done);

}  // namespace freehold::server
