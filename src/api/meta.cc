#include "api/meta.h"

#include <algorithm>

#include "base/strings.h"
#include "schema/walk.h"

namespace freehold::api {

const Condition* find_condition(const Conditions& conditions, std::string_view type) {
  const auto found = std::ranges::find(conditions, type, &Condition::type);
  return found == conditions.end() ? nullptr : &*found;
}

bool is_true(const Conditions& conditions, std::string_view type) {
  const Condition* found = find_condition(conditions, type);
  return found != nullptr && found->status == ConditionStatus::true_;
}

bool set_condition(Conditions& conditions, std::string_view type, ConditionStatus status,
                   std::string_view reason, std::string_view message, int64_t generation,
                   Time now) {
  // It may quote what users wrote, and an object with a longer one could never be written again.
  constexpr size_t most = 4000;  // the schema takes a little more
  message = beginning_of(message, most);
  auto found = std::ranges::find(conditions, type, &Condition::type);
  const bool fresh = found == conditions.end();
  if (fresh) {
    conditions.emplace_back().type = type;
    found = conditions.end() - 1;
  }
  const bool turned = fresh || found->status != status;
  if (!turned && found->reason == reason && found->message == message &&
      found->observed_generation == generation)
    return false;
  if (turned) found->last_transition_time = now;
  found->status = status;
  found->reason = reason;
  found->message = message;
  found->observed_generation = generation;
  return true;
}

bool is_owned_by(const ObjectMeta& meta, std::string_view uid) {
  return std::ranges::find(meta.owner_references, uid, &OwnerReference::uid) !=
         meta.owner_references.end();
}

void check_label_name(const ObjectMeta& meta, const schema::Path& at, schema::Errors& errors) {
  if (meta.name.empty() || is_dns_label(meta.name) || !is_dns_subdomain(meta.name)) return;
  errors.add(schema::Fault::invalid, at / "metadata" / "name",
             "must be a single label without dots, since other objects and paths use it as one");
}

}  // namespace freehold::api
