#include "cli/maker.h"

#include <algorithm>

#include "api/contract.h"
#include "api/workload.h"
#include "cli/connect.h"

namespace freehold::cli {

namespace {

const api::Kind* kind_of_maker(const api::OwnerReference& owner) {
  for (const api::Kind* kind : {&api::kind_of<api::Workload>(), &api::kind_of<api::Contract>()})
    if (owner.kind == kind->name && owner.api_version == kind->api_version()) return kind;
  return nullptr;
}

}  // namespace

const api::OwnerReference* maker_of(const api::ObjectMeta& meta) {
  const auto& owners = meta.owner_references;
  const auto found = std::ranges::find_if(
      owners, [](const auto& o) { return o.controller && kind_of_maker(o) != nullptr; });
  return found == owners.end() ? nullptr : &*found;
}

client::Target target_of(const api::OwnerReference& maker, const std::string& ns) {
  return {kind_of_maker(maker), ns, maker.name};
}

bool is_living(const api::OwnerReference& maker, const api::ObjectMeta& found,
               const std::vector<client::Target>& deleted) {
  const api::Kind* kind = kind_of_maker(maker);
  return found.uid == maker.uid && !found.deletion_timestamp.is_set() &&
         std::ranges::none_of(deleted, [&](const client::Target& t) {
           return t.kind == kind && t.ns == found.ns && t.name == found.name;
         });
}

std::string note_of(const api::OwnerReference& maker, const client::Target& target) {
  const std::string owner = title(*kind_of_maker(maker), maker.name);
  return "note: " + owner + " owns " + title(*target.kind, target.name) +
         " and makes it again; delete " + owner + " to end it\n";
}

}  // namespace freehold::cli
