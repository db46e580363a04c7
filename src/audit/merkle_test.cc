#include "audit/merkle.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/random.h"
#include "base/strings.h"
#include "json/value.h"

namespace freehold::audit {
namespace {

std::vector<Hash> leaf_hashes(size_t count) {
  std::vector<Hash> leaves;
  for (size_t i = 0; i < count; ++i) leaves.push_back(leaf_hash("leaf " + std::to_string(i)));
  return leaves;
}

// RFC 6962, 2.1, word for word: what the faster forms must agree with.
Hash plain_root(const std::vector<Hash>& leaves, size_t from, size_t to) {
  if (from == to) return empty_root();
  if (to - from == 1) return leaves[from];
  size_t split = 1;
  while (split * 2 < to - from) split *= 2;
  return node_hash(plain_root(leaves, from, from + split), plain_root(leaves, from + split, to));
}

TEST(Merkle, hashes_as_the_rfc_says) {
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(empty_root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(leaf_hash("")),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_EQ(leaf_hash("x"), sha256(std::string_view("\0x", 2)));
}

TEST(Merkle, a_frontier_has_the_root_of_its_leaves) {
  const std::vector<Hash> leaves = leaf_hashes(70);
  Frontier frontier;
  for (size_t size = 0; size <= leaves.size(); ++size) {
    EXPECT_EQ(frontier.size(), size);
    EXPECT_EQ(frontier.root(), plain_root(leaves, 0, size)) << size;
    const auto first = leaves.begin();
    EXPECT_EQ(root_of({first, first + static_cast<ptrdiff_t>(size)}), frontier.root());
    if (size < leaves.size()) frontier.append(leaves[size]);
  }
}

TEST(Merkle, every_inclusion_proof_verifies_and_no_other_does) {
  const std::vector<Hash> leaves = leaf_hashes(33);
  for (uint64_t size = 1; size <= leaves.size(); ++size) {
    const Hash root = plain_root(leaves, 0, size);
    for (uint64_t index = 0; index < size; ++index) {
      std::vector<Hash> proof = inclusion_proof(leaves, index, size);
      EXPECT_TRUE(verify_inclusion(index, size, leaves[index], proof, root).ok());
      const uint64_t other = (index + 1) % size;
      EXPECT_EQ(verify_inclusion(other, size, leaves[index], proof, root).ok(), other == index);
      EXPECT_FALSE(verify_inclusion(index, size, leaf_hash("?"), proof, root).ok());
      proof.push_back(root);
      EXPECT_FALSE(verify_inclusion(index, size, leaves[index], proof, root).ok());
    }
  }
  EXPECT_FALSE(verify_inclusion(3, 3, leaves[0], {}, leaves[0]).ok());
  EXPECT_FALSE(verify_inclusion(0, 0, leaves[0], {}, leaves[0]).ok());
}

TEST(Merkle, every_consistency_proof_verifies_and_no_other_does) {
  const std::vector<Hash> leaves = leaf_hashes(33);
  for (uint64_t to = 1; to <= leaves.size(); ++to) {
    const Hash new_root = plain_root(leaves, 0, to);
    for (uint64_t from = 1; from <= to; ++from) {
      const Hash old_root = plain_root(leaves, 0, from);
      std::vector<Hash> proof = consistency_proof(leaves, from, to);
      const auto verified = verify_consistency(from, to, old_root, new_root, proof);
      EXPECT_TRUE(verified.ok()) << from << " to " << to << ": " << verified.error().message;
      EXPECT_FALSE(verify_consistency(from, to, leaf_hash("?"), new_root, proof).ok());
      EXPECT_FALSE(verify_consistency(from, to, old_root, leaf_hash("?"), proof).ok());
      if (proof.empty()) continue;
      proof.pop_back();
      EXPECT_FALSE(verify_consistency(from, to, old_root, new_root, proof).ok());
    }
  }
}

TEST(Merkle, sizes_that_no_log_has_are_refused) {
  const Hash hash = empty_root();
  EXPECT_FALSE(verify_consistency(UINT64_MAX - 1, UINT64_MAX, hash, hash, {hash}).ok());
  EXPECT_FALSE(verify_inclusion(UINT64_MAX, UINT64_MAX, hash, {hash}, hash).ok());
  EXPECT_FALSE(is_subtree({0, UINT64_MAX}));
  EXPECT_FALSE(is_subtree({4, 4}));
  EXPECT_FALSE(is_subtree({2, 6}));
  EXPECT_TRUE(is_subtree({4, 7}));
}

// ---- vectors of other implementations

class MerkleVectors : public testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("FREEHOLD_TEST_DATA");
    folder = std::filesystem::path(data == nullptr ? "" : data) / "audit";
    if (data == nullptr || !std::filesystem::is_directory(folder))
      GTEST_SKIP() << "skipped: no data folder";
  }

  static json::Value read(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return json::parse(text.str()).value();
  }
  static uint64_t number(const json::Value& vector, std::string_view name) {
    const json::Value* value = vector.at({name});
    if (const int64_t* whole = value->as_int()) return static_cast<uint64_t>(*whole);
    return value->number() >= 0x1p64 ? UINT64_MAX : static_cast<uint64_t>(value->number());
  }
  static std::string bytes(const json::Value& value) {
    return base64_decode(value.as_string() == nullptr ? "" : *value.as_string()).value();
  }
  // Two roots of consistency vectors are bytes of another length that need only be equal: those
  // stand for a hash of their own.
  static Hash hash(const json::Value& value) {
    const std::string decoded = bytes(value);
    Hash hash;
    if (decoded.size() != hash.size()) return sha256(decoded + "no hash");
    std::copy(decoded.begin(), decoded.end(), hash.begin());
    return hash;
  }
  static std::vector<Hash> hashes(const json::Value& vector) {
    std::vector<Hash> proof;
    if (vector.at({"proof"})->as_array() == nullptr) return proof;
    for (const json::Value& step : *vector.at({"proof"})->as_array()) proof.push_back(hash(step));
    return proof;
  }

  static bool accepts(const json::Value& vector) {
    const bool is_inclusion = vector.at({"leafIdx"}) != nullptr;
    const auto proof = hashes(vector);
    const auto one = hash(*vector.at({is_inclusion ? "leafHash" : "root1"}));
    const auto root = hash(*vector.at({is_inclusion ? "root" : "root2"}));
    const bool is_part = vector.at({"start"}) != nullptr;
    const Subtree part =
        is_part ? Subtree{number(vector, "start"), number(vector, "end")} : Subtree{};
    if (is_inclusion) {
      if (bytes(*vector.at({"leafHash"})).empty()) return false;
      const uint64_t index = number(vector, "leafIdx");
      return is_part ? verify_subtree_inclusion(index, part, one, proof, root).ok()
                     : verify_inclusion(index, number(vector, "treeSize"), one, proof, root).ok();
    }
    return is_part ? verify_subtree_consistency(part, number(vector, "size"), one, root, proof).ok()
                   : verify_consistency(number(vector, "size1"), number(vector, "size2"), one, root,
                                        proof)
                         .ok();
  }

  std::filesystem::path folder;
};

TEST_F(MerkleVectors, every_proof_is_accepted_or_rejected_as_marked) {
  int accepted = 0, rejected = 0;
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(folder / "rfc6962-proofs")) {
    if (file.path().extension() != ".json") continue;
    const json::Value vector = read(file.path());
    const bool is_bad = *vector.at({"wantErr"})->as_bool();
    EXPECT_EQ(accepts(vector), !is_bad) << file.path();
    ++(is_bad ? rejected : accepted);
  }
  EXPECT_EQ(accepted, 36);
  EXPECT_EQ(rejected, 482);
}

TEST_F(MerkleVectors, the_reference_tree_has_the_reference_roots) {
  const json::Value tree = read(folder / "rfc6962-reference-tree.json");
  const json::Array& roots = *tree.at({"rootHashesBySizeHex"})->as_array();
  Frontier frontier;
  EXPECT_EQ(to_hex(frontier.root()), *roots[0].as_string());
  for (const json::Value& leaf : *tree.at({"leafInputsHex"})->as_array()) {
    frontier.append(leaf_hash(*from_hex(*leaf.as_string())));
    EXPECT_EQ(to_hex(frontier.root()), *roots[frontier.size()].as_string());
  }
  EXPECT_EQ(frontier.size() + 1, roots.size());
}

}  // namespace
}  // namespace freehold::audit
