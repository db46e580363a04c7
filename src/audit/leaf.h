// The leaf of the record, in its final format (docs/formats/record.md): what changed, who did it,
// the digest of the object before and after. Canonical JSON (RFC 8785), at most limits::leaf_bytes.
// Its body reads as an audit.k8s.io/v1 Event. Principals appear by opaque id only: the name behind
// it is payload that may be erased.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace freehold::audit {

struct LeafFields {
  std::string verb;                                     // create, update, delete
  std::string group, version, resource, ns, name, uid;  // of the object; empty ones are left out
  std::string key;                                      // of the store
  uint64_t revision = 0;
  Time time;
  std::string principal;                // opaque id, "u:" + 16 hex
  std::string prev_digest, new_digest;  // hex SHA-256 of the stored bytes; empty: absent
  std::string policy_set_digest, fact_set_digest, decision_digest;  // hex; empty: none yet
  std::string payload_commitment;  // hex SHA-256(salt32 ‖ payload); empty: none
  bool operator==(const LeafFields&) const = default;
};

// The strings must be UTF-8. Under 3 µs: one runs for every object of every commit.
std::string encode_leaf(const LeafFields& fields);
// The exact inverse: whatever encode_leaf does not write, down to the byte, is `invalid` and the
// byte is named.
Result<LeafFields> decode_leaf(std::string_view leaf);

// "audit.<site>.<org>/<tenant>"; the operator's log has tenant "operator".
std::string log_origin(std::string_view site, std::string_view organization,
                       std::string_view tenant);

}  // namespace freehold::audit
