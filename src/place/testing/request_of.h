// Requests in a sentence, for tests and benchmarks:
//
//   request_of("4 web: 2 cpu, 1Gi, 1 gpu H100 >=80GB, apart node; 1 db: 4 cpu, 8Gi, align
//   cpu+memory numa-node")
//
// One role per sentence: how many members and its name. Clauses: `N cpu`, bytes, watts, `N <class>
// [model] [condition]` (the request is named as its class), `align a+b <within>`, `together
// <level>`, `apart <level>`, the last two with `preferred` behind them where wanted.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/strings.h"
#include "place/place.h"

namespace freehold::place::testing {

inline api::Mode mode_of(const std::vector<std::string_view>& words) {
  return words.size() > 2 && words[2] == "preferred" ? api::Mode::preferred : api::Mode::required;
}

inline bool read_devices(const std::vector<std::string_view>& words, api::ContractRole& role) {
  static const std::map<std::string_view, api::DeviceClass> classes{
      {"gpu", api::DeviceClass::gpu},
      {"nic", api::DeviceClass::nic},
      {"rdma-nic", api::DeviceClass::rdma_nic},
      {"nvme", api::DeviceClass::nvme}};
  if (words.size() < 2 || !classes.contains(words[1])) return false;
  api::DeviceRequest& device = role.each.devices.emplace_back();
  device.count = *parse_int(words[0]);
  device.name = words[1];
  device.cls = classes.at(words[1]);
  for (size_t i = 2; i < words.size(); ++i) {
    if (words[i].starts_with('<') || words[i].starts_with('>'))
      device.where.memory = words[i];
    else
      device.where.model.emplace_back(words[i]);
  }
  return true;
}

inline void read_clause(std::string_view clause, api::ContractRole& role) {
  const std::vector<std::string_view> words = split(clause, ' ');
  if (words.size() == 2 && words[1] == "cpu") {
    role.each.cpu = *Quantity::parse(words[0], Dimension::number);
  } else if (words[0] == "align") {
    api::Align& align = role.align.emplace_back();
    for (std::string_view name : split(words[1], '+')) align.devices.emplace_back(name);
    align.within = words[2];
  } else if (words[0] == "together") {
    role.together = api::Together{std::string(words[1]), mode_of(words)};
  } else if (words[0] == "apart") {
    role.apart = api::Apart{std::string(words[1]), mode_of(words)};
  } else if (!read_devices(words, role)) {
    auto quantity = Quantity::parse_any(clause);
    CHECK(quantity.ok(), clause);
    if (quantity->dimension() == Dimension::power)
      role.each.power = *quantity;
    else
      role.each.memory = *Quantity::parse(clause, Dimension::bytes);
  }
}

inline Request request_of(std::string_view text) {
  Request request;
  request.contract_key = "contract";
  request.tenant = "acme";
  for (std::string_view sentence : split(text, ';')) {
    const size_t colon = sentence.find(':');
    CHECK(colon != std::string_view::npos, "a sentence is `4 web: …`");
    const auto head = split(trim(sentence.substr(0, colon)), ' ');
    api::ContractRole& role = request.spec.roles.emplace_back();
    role.count = *parse_int(head[0]);
    role.name = head.size() > 1 ? head[1] : "main";
    for (std::string_view clause : split(sentence.substr(colon + 1), ','))
      if (!trim(clause).empty()) read_clause(trim(clause), role);
  }
  return request;
}

// "main-0 on n1: cpus 0-1, 0=1Gi, gpu0", one line per member.
inline std::string text_of(const Placement& placement) {
  std::string out;
  for (const api::AllocatedMember& m : placement.members) {
    out += m.role + "-" + std::to_string(m.index) + " on " + m.node + ": cpus " + m.cpus;
    for (const api::MemoryShare& share : m.memory)
      out += ", " + std::to_string(share.node) + "=" +
             Quantity::of(share.bytes, Dimension::bytes).text();
    for (const std::string& device : m.devices) out += ", " + device;
    out += "\n";
  }
  return out;
}

}  // namespace freehold::place::testing
