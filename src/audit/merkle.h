// The Merkle tree of RFC 6962 / RFC 9162: hashes, roots, inclusion and consistency proofs. Pure
// functions and one incremental tree; 32-byte hashes travel as Hash.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace freehold::audit {

using Hash = std::array<uint8_t, 32>;

Hash sha256(std::string_view bytes);
Hash leaf_hash(std::string_view leaf);                // SHA-256(00 ‖ leaf)
Hash node_hash(const Hash& left, const Hash& right);  // SHA-256(01 ‖ left ‖ right)
Hash empty_root();                                    // SHA-256 of nothing
std::string to_hex(const Hash& hash);

// Appends in O(log n) memory: the roots of the full subtrees on the right edge.
class Frontier {
 public:
  void append(const Hash& leaf);
  uint64_t size() const { return size_; }
  Hash root() const;  // of no leaves: empty_root()

 private:
  uint64_t size_ = 0;
  std::vector<Hash> stack_;
};

// Over leaf hashes. A proof costs O(size): a log that serves proofs keeps its inner nodes (tiles).
Hash root_of(const std::vector<Hash>& leaves);
std::vector<Hash> inclusion_proof(const std::vector<Hash>& leaves, uint64_t index, uint64_t size);
std::vector<Hash> consistency_proof(const std::vector<Hash>& leaves, uint64_t from, uint64_t to);

// Errors are `invalid` and say which step does not fit. A consistency proof from the empty tree is
// an error, too: it says nothing.
Result<void> verify_inclusion(uint64_t index, uint64_t size, const Hash& leaf,
                              const std::vector<Hash>& proof, const Hash& root);
Result<void> verify_consistency(uint64_t from, uint64_t to, const Hash& from_root,
                                const Hash& to_root, const std::vector<Hash>& proof);

// Subtrees of Merkle Tree Certificates (draft-ietf-plants-merkle-tree-certs, section 4): leaves
// [start, end), where start is a multiple of the least power of two that is not below end - start.
struct Subtree {
  uint64_t start = 0, end = 0;
};
bool is_subtree(Subtree subtree);
Result<void> verify_subtree_inclusion(uint64_t index, Subtree subtree, const Hash& leaf,
                                      const std::vector<Hash>& proof, const Hash& root);
Result<void> verify_subtree_consistency(Subtree subtree, uint64_t size, const Hash& subtree_root,
                                        const Hash& root, const std::vector<Hash>& proof);

}  // namespace freehold::audit
