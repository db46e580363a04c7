// The importers' own samples, which are the corpora of their fuzzers, for tests that change a word
// of them; and what tests ask of an Inventory of one machine. Header only.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "discover/import/import.h"

namespace freehold::discover::testing {

// Tests run in the root of the repository.
inline std::string sample(const std::string& name) {
  std::ostringstream out;
  out << std::ifstream("src/discover/import/" + name, std::ios::binary).rdbuf();
  EXPECT_FALSE(out.str().empty()) << name;
  return out.str();
}

// With the first `from` replaced, which must be there.
inline std::string changed(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

using Read = Result<Inventory> (*)(std::string_view, const ImportOptions&);

inline Inventory accepted(Read read, const std::string& text) {
  auto out = read(text, {"file", "imported", ""});
  EXPECT_TRUE(out.ok()) << out.error().message;
  Inventory inventory;
  if (out.ok()) inventory = *std::move(out);
  EXPECT_EQ(inventory.hosts.size(), 1u);
  inventory.hosts.resize(1);
  return inventory;
}

// The reason; empty when it was accepted.
inline std::string refusal(Read read, const std::string& text) {
  const auto out = read(text, {"file", "imported", ""});
  return out.ok() ? "" : out.error().message;
}

inline std::string all_notes(const Inventory& inventory) {
  std::string out;
  for (const std::string& note : inventory.notes) out += note + "\n";
  return out;
}

inline api::Device device(const Inventory& inventory, std::string_view id) {
  for (const api::Device& found : inventory.hosts.at(0).profile.devices)
    if (found.id == id) return found;
  ADD_FAILURE() << "no device " << id;
  return {};
}

inline api::NodeDevice seen(const Inventory& inventory, std::string_view id) {
  for (const api::NodeDevice& found : inventory.hosts.at(0).devices)
    if (found.id == id) return found;
  ADD_FAILURE() << "nothing seen of " << id;
  return {};
}

// "gpu0 gpu1 mlx5_0"
inline std::string ids(const Inventory& inventory) {
  std::string out;
  for (const api::Device& found : inventory.hosts.at(0).profile.devices)
    out += (out.empty() ? "" : " ") + found.id;
  return out;
}

// "nvlink 2 nvswitch0 400Gbps, c2c 9 numa0 3.6Tbps"
inline std::string links(const Inventory& inventory, std::string_view id) {
  static constexpr const char* kinds[] = {"nvlink", "xgmi",       "c2c",     "smp",
                                          "cxl",    "infiniband", "ethernet"};
  std::string out;
  for (const api::DeviceLink& link : device(inventory, id).links)
    out += (out.empty() ? "" : ", ") + std::string(kinds[static_cast<size_t>(link.kind)]) + " " +
           std::to_string(link.count) + " " + link.to +
           (link.bandwidth.is_set() ? " " + link.bandwidth.text() : "");
  return out;
}

}  // namespace freehold::discover::testing
