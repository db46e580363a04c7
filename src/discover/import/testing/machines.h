// Machines for tests of the merge, and what came out of it. Header only.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "discover/import/import.h"

namespace freehold::discover::testing {

inline api::Device gpu(std::string id, std::string address, std::string model = "") {
  api::Device device;
  device.id = std::move(id);
  device.cls = api::DeviceClass::gpu;
  device.address = std::move(address);
  device.model = std::move(model);
  return device;
}

inline Inventory inventory(std::string source, api::Confidence confidence, HostFacts host) {
  Inventory out;
  out.source = std::move(source);
  out.confidence = confidence;
  out.hosts.push_back(std::move(host));
  return out;
}

inline HostFacts machine(std::vector<api::Device> devices) {
  HostFacts host;
  host.name = "n1";
  host.profile.devices = std::move(devices);
  return host;
}

inline Merged merged(std::vector<Inventory> all) {
  auto out = merge(std::move(all), {"", "", "fra1"});
  EXPECT_TRUE(out.ok()) << out.error().message;
  return out.ok() ? std::move(*out) : Merged{};
}

template <class T>
std::vector<const T*> all_of(const Merged& merged) {
  std::vector<const T*> out;
  for (const api::Object& object : merged.objects)
    if (const T* thing = object.as<T>()) out.push_back(thing);
  return out;
}

// The only Node and the profile that is its own.
struct One {
  api::Node node;
  api::HardwareProfileSpec profile;
};
inline One only(const Merged& merged) {
  One one;
  EXPECT_EQ(all_of<api::Node>(merged).size(), 1u);
  if (!all_of<api::Node>(merged).empty()) one.node = *all_of<api::Node>(merged)[0];
  bool found = false;
  for (const auto* profile : all_of<api::HardwareProfile>(merged)) {
    if (profile->metadata.name != one.node.status.profile) continue;
    one.profile = profile->spec;
    found = true;
  }
  EXPECT_TRUE(found);
  return one;
}

// "devices[gpu0].class: gpu, nic" of the only Node.
inline std::string only_conflict(std::vector<Inventory> all) {
  const One one = only(merged(std::move(all)));
  std::string out;
  for (const api::Conflict& conflict : one.node.status.conflicts) {
    out += (out.empty() ? "" : "; ") + conflict.field + ":";
    for (const api::Claim& claim : conflict.claims) out += " " + claim.value + ",";
  }
  return out;
}

}  // namespace freehold::discover::testing
