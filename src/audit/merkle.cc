#include "audit/merkle.h"

#include <openssl/evp.h>

#include <bit>
#include <cstring>
#include <memory>

#include "base/check.h"
#include "base/strings.h"

namespace freehold::audit {

namespace {

// One context per thread: looking the algorithm up and allocating costs more than hashing a leaf.
class Sha256 {
 public:
  Sha256()
      : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr), EVP_MD_free),
        context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    CHECK(algorithm_ && context_, "OpenSSL has no SHA-256");
  }

  Hash operator()(std::string_view head, std::string_view body) {
    Hash hash;
    const bool is_done = EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr) == 1 &&
                         EVP_DigestUpdate(context_.get(), head.data(), head.size()) == 1 &&
                         EVP_DigestUpdate(context_.get(), body.data(), body.size()) == 1 &&
                         EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr) == 1;
    CHECK(is_done, "SHA-256 failed");
    return hash;
  }

 private:
  std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm_;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

Hash hash_of(std::string_view head, std::string_view body) {
  thread_local Sha256 sha;
  return sha(head, body);
}

// The largest power of two below `size`: where RFC 6962 splits a tree.
size_t split_of(size_t size) { return std::bit_floor(size - 1); }

Hash root_between(const std::vector<Hash>& leaves, size_t from, size_t to) {
  CHECK(from < to && to <= leaves.size(), "a subtree needs leaves");
  Frontier frontier;
  for (size_t i = from; i < to; ++i) frontier.append(leaves[i]);
  return frontier.root();
}

Error unfit(std::string what) { return {Reason::invalid, std::move(what)}; }

}  // namespace

Hash sha256(std::string_view bytes) { return hash_of({}, bytes); }

Hash leaf_hash(std::string_view leaf) { return hash_of(std::string_view("\0", 1), leaf); }

Hash node_hash(const Hash& left, const Hash& right) {
  char bytes[65];
  bytes[0] = 1;
  std::memcpy(bytes + 1, left.data(), left.size());
  std::memcpy(bytes + 33, right.data(), right.size());
  return hash_of({}, std::string_view(bytes, sizeof bytes));
}

Hash empty_root() { return sha256({}); }

std::string to_hex(const Hash& hash) {
  return freehold::to_hex(
      std::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
}

void Frontier::append(const Hash& leaf) {
  Hash node = leaf;
  // Each trailing one of the size is a full subtree that the new node completes.
  for (uint64_t n = size_; (n & 1) != 0; n >>= 1) {
    node = node_hash(stack_.back(), node);
    stack_.pop_back();
  }
  stack_.push_back(node);
  ++size_;
}

Hash Frontier::root() const {
  if (stack_.empty()) return empty_root();
  Hash root = stack_.back();
  for (size_t i = stack_.size() - 1; i-- > 0;) root = node_hash(stack_[i], root);
  return root;
}

Hash root_of(const std::vector<Hash>& leaves) {
  return leaves.empty() ? empty_root() : root_between(leaves, 0, leaves.size());
}

std::vector<Hash> inclusion_proof(const std::vector<Hash>& leaves, uint64_t index, uint64_t size) {
  CHECK(index < size && size <= leaves.size(), "no such leaf in a tree of this size");
  std::vector<Hash> proof;
  size_t from = 0, to = size;
  while (to - from > 1) {
    const size_t middle = from + split_of(to - from);
    const bool is_left = index < middle;
    proof.push_back(is_left ? root_between(leaves, middle, to)
                            : root_between(leaves, from, middle));
    (is_left ? to : from) = middle;
  }
  return {proof.rbegin(), proof.rend()};
}

std::vector<Hash> consistency_proof(const std::vector<Hash>& leaves, uint64_t from, uint64_t to) {
  CHECK(from <= to && to <= leaves.size(), "a tree only grows");
  std::vector<Hash> proof;
  if (from == 0 || from == to) return proof;
  // The parts of the new tree beside the old one, from the root down to where the old one ends (RFC
  // 9162, 2.1.4.1).
  size_t begin = 0, end = to;
  bool is_complete = true;  // the old tree's part in [begin, end) is known to the verifier
  while (from != end) {
    const size_t middle = begin + split_of(end - begin);
    if (from <= middle) {
      proof.push_back(root_between(leaves, middle, end));
      end = middle;
    } else {
      proof.push_back(root_between(leaves, begin, middle));
      begin = middle;
      is_complete = false;
    }
  }
  if (!is_complete) proof.push_back(root_between(leaves, begin, end));
  return {proof.rbegin(), proof.rend()};
}

Result<void> verify_inclusion(uint64_t index, uint64_t size, const Hash& leaf,
                              const std::vector<Hash>& proof, const Hash& root) {
  if (index >= size)
    return unfit("leaf " + std::to_string(index) + " lies beyond a tree of " +
                 std::to_string(size));
  // RFC 9162, 2.1.3.2.
  uint64_t node = index, last = size - 1;
  Hash hash = leaf;
  for (const Hash& sibling : proof) {
    if (last == 0) return unfit("the proof is too long");
    if ((node & 1) != 0 || node == last) {
      hash = node_hash(sibling, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return unfit("the proof is too short");
  if (hash != root)
    return unfit("the proof leads to root " + to_hex(hash) + ", not " + to_hex(root));
  return {};
}

Result<void> verify_consistency(uint64_t from, uint64_t to, const Hash& from_root,
                                const Hash& to_root, const std::vector<Hash>& proof) {
  if (from > to)
    return unfit("a tree of " + std::to_string(from) + " cannot be in one of " +
                 std::to_string(to));
  if (from == to) {
    if (!proof.empty()) return unfit("one tree needs no proof");
    if (from == 0 && from_root != empty_root()) return unfit("the empty tree has another root");
    if (from_root != to_root) return unfit("two roots for one size");
    return {};
  }
  if (from == 0) return unfit("every tree contains the empty one: there is nothing to prove");
  return verify_subtree_consistency({0, from}, to, from_root, to_root, proof);
}

bool is_subtree(Subtree subtree) {
  // Above 2^62 no log grows, and the power of two would not fit.
  return subtree.start < subtree.end && subtree.end <= uint64_t{1} << 62 &&
         subtree.start % std::bit_ceil(subtree.end - subtree.start) == 0;
}

Result<void> verify_subtree_inclusion(uint64_t index, Subtree subtree, const Hash& leaf,
                                      const std::vector<Hash>& proof, const Hash& root) {
  if (!is_subtree(subtree) || index < subtree.start)
    return unfit("leaf " + std::to_string(index) + " lies in no such subtree");
  return verify_inclusion(index - subtree.start, subtree.end - subtree.start, leaf, proof, root);
}

Result<void> verify_subtree_consistency(Subtree subtree, uint64_t size, const Hash& subtree_root,
                                        const Hash& root, const std::vector<Hash>& proof) {
  if (subtree.start == subtree.end && subtree.end <= size) {
    if (!proof.empty()) return unfit("the empty subtree needs no proof");
    if (subtree_root != empty_root()) return unfit("the empty subtree has another root");
    return {};
  }
  if (!is_subtree(subtree) || subtree.end > size)
    return unfit("no such subtree in a tree of " + std::to_string(size));
  uint64_t first = subtree.start, node = subtree.end - 1, last = size - 1;
  auto up = [&] {
    first >>= 1;
    node >>= 1;
    last >>= 1;
  };
  // Up to the largest full node that ends where the subtree ends; on the right edge every node
  // counts as full.
  if (node == last) {
    while (first != node) up();
  } else {
    while (first != node && (node & 1) != 0) up();
  }
  auto step = proof.begin();
  if (first != node && step == proof.end()) return unfit("the proof is too short");
  Hash old_hash = first == node ? subtree_root : *step++;
  Hash new_hash = old_hash;
  for (; step != proof.end(); ++step) {
    if (last == 0) return unfit("the proof is too long");
    if ((node & 1) != 0 || node == last) {
      if (first < node) old_hash = node_hash(*step, old_hash);
      new_hash = node_hash(*step, new_hash);
      while ((node & 1) == 0 && node != 0) up();
    } else {
      new_hash = node_hash(new_hash, *step);
    }
    up();
  }
  if (last != 0) return unfit("the proof is too short");
  if (old_hash != subtree_root)
    return unfit("the proof leads to older root " + to_hex(old_hash) + ", not " +
                 to_hex(subtree_root));
  if (new_hash != root)
    return unfit("the proof leads to root " + to_hex(new_hash) + ", not " + to_hex(root));
  return {};
}

}  // namespace freehold::audit
