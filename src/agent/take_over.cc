#include "agent/take_over.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "discover/parse.h"

namespace freehold::agent {
namespace {

// Of the schema.
constexpr size_t most_provenance = 512, most_conflicts = 128, most_claims = 16;
constexpr size_t most_field = 128, most_value = 256;
constexpr std::string_view us = "agent";

bool is_of_spec(std::string_view field) { return field.starts_with("spec."); }

// Who said what stands at this path: the entry of the path, or of the nearest one above it. Only
// importers say anything of a path in `status`.
const api::Provenance* speaker_of(const api::NodeStatus& status, std::string_view path) {
  while (!path.empty()) {
    const auto at = std::ranges::find(status.provenance, path, &api::Provenance::field);
    if (at != status.provenance.end()) return &*at;
    const size_t cut = path.find_last_of(".[");
    path = path.substr(0, cut == path.npos ? 0 : cut);
  }
  return nullptr;
}

void keep_provenance(const api::Provenance& said, std::string field, api::NodeStatus& now) {
  if (now.provenance.size() >= most_provenance) return;
  now.provenance.push_back(said);
  now.provenance.back().field = std::move(field);
}

void add_conflict(api::Conflict conflict, api::NodeStatus& now) {
  if (now.conflicts.size() < most_conflicts && conflict.field.size() <= most_field)
    now.conflicts.push_back(std::move(conflict));
}

class TakeOver {
 public:
  TakeOver(const api::NodeStatus& before, api::NodeStatus& now) : before_(before), now_(now) {}

  void run() {
    now_.conflicts.clear();
    for (const api::Provenance& said : before_.provenance)
      if (is_of_spec(said.field)) keep_provenance(said, said.field, now_);
    for (const api::Conflict& conflict : before_.conflicts)
      if (is_of_spec(conflict.field)) add_conflict(conflict, now_);
    settle("status.firmware", before_.firmware, now_.firmware);
    settle("status.scaleUpDomain", before_.scale_up_domain, now_.scale_up_domain);
    settle_nameplate();
    for (const api::NodeDevice& device : now_.devices) settle_identity(device);
  }

 private:
  // Takes what was imported where the agent knows nothing, else compares.
  void settle(const std::string& field, const std::string& was, std::string& is) {
    const api::Provenance* said = speaker_of(before_, field);
    if (is.empty() && said != nullptr && !was.empty()) {
      is = was;
      keep_provenance(*said, field, now_);
      return;
    }
    compare(field, said, was, is);
  }

  void settle_nameplate() {
    const bool is_said = now_.power.nameplate.is_set();
    std::string is = text_of(now_.power.nameplate);
    settle("status.power.nameplate", text_of(before_.power.nameplate), is);
    if (!is_said && !is.empty()) now_.power.nameplate = before_.power.nameplate;
  }
  // 10kW and 10000W are one.
  static std::string text_of(const Quantity& power) {
    return power.is_set() ? Quantity::of(power.value(), Dimension::power).text() : "";
  }

  // Importers and agents may number devices differently, so only a part that is nowhere any more is
  // a contradiction.
  void settle_identity(const api::NodeDevice& device) {
    const std::string field = "status.devices[" + device.id + "].identity";
    const auto was = std::ranges::find(before_.devices, device.id, &api::NodeDevice::id);
    const std::string identity = was == before_.devices.end() ? "" : was->identity;
    if (identity.empty() || discover::are_of_one_form(identity, device.identity))
      compare(field, speaker_of(before_, field), identity, device.identity);
  }

  // What was imported and differs becomes a conflict; one that stands already stays until both
  // agree.
  void compare(const std::string& field, const api::Provenance* said, const std::string& was,
               const std::string& is) {
    if (is.empty()) return;
    api::Conflict conflict;
    conflict.field = field;
    conflict.kept = beginning_of(is, most_value);
    if (const auto known = std::ranges::find(before_.conflicts, field, &api::Conflict::field);
        known != before_.conflicts.end())
      conflict.claims = known->claims;
    std::erase_if(conflict.claims, [](const api::Claim& claim) { return claim.source == us; });
    if (said != nullptr && !was.empty() && !claims(conflict, said->source))
      conflict.claims.push_back(
          {said->source, std::string(beginning_of(was, most_value)), said->confidence});
    std::erase_if(conflict.claims, [&](const api::Claim& claim) {
      return claim.value == conflict.kept || is_identity(claim.value);
    });
    if (conflict.claims.empty()) return;
    conflict.claims.resize(std::min(conflict.claims.size(), most_claims - 1));
    conflict.claims.insert(conflict.claims.begin(),
                           {std::string(us), conflict.kept, api::Confidence::measured});
    add_conflict(std::move(conflict), now_);
  }
  bool is_identity(const std::string& value) const {
    return std::ranges::find(now_.devices, value, &api::NodeDevice::identity) != now_.devices.end();
  }
  static bool claims(const api::Conflict& conflict, std::string_view source) {
    return std::ranges::find(conflict.claims, source, &api::Claim::source) != conflict.claims.end();
  }

  const api::NodeStatus& before_;
  api::NodeStatus& now_;
};

}  // namespace

bool is_imported(const api::NodeStatus& status, std::string_view path) {
  return speaker_of(status, path) != nullptr;
}

void take_over(const api::NodeStatus& before, api::NodeStatus& now) { TakeOver(before, now).run(); }

}  // namespace freehold::agent
