#include "control/node/node.h"

#include "api/node.h"

namespace freehold::control {

std::vector<std::string> NodeController::keys_for(const ledger::Record& record, bool,
                                                  const ledger::View&) const {
  if (record.object.as<api::Node>()) return {record.object.key()};
  return {};
}

Plan NodeController::plan(std::string_view key, const Input& in) const {
  const auto* node = find<api::Node>(in.view, key);
  if (node == nullptr || node->metadata.deletion_timestamp.is_set()) return {};
  Plan plan;
  api::Node next = *node;
  const auto last = in.heartbeats.last(node->metadata.name);
  const bool heard = last && in.uptime - *last <= node_silence;
  // Looks often enough to notice the first renewal after a start, and the silence soon after it has
  // begun.
  plan.look_again(heard ? *last + node_silence - in.uptime + milliseconds(100) : seconds(1));
  if (heard) {
    api::set_condition(next.status.conditions, "Ready", api::ConditionStatus::true_, "AgentHeard",
                       "the agent renews its lease", node->metadata.generation, in.now);
  } else {
    api::set_condition(next.status.conditions, "Ready", api::ConditionStatus::unknown,
                       "AgentSilent",
                       last ? "the agent has not been heard from for 20 s; its work is left alone"
                            : "the agent has not been heard from since this server started",
                       node->metadata.generation, in.now);
  }
  const bool right_profile =
      node->spec.expected_profile.empty() || node->spec.expected_profile == node->status.profile;
  if (!node->spec.expected_profile.empty() && node->status.agent_version.empty())
    api::set_condition(next.status.conditions, "AsExpected", api::ConditionStatus::unknown,
                       "NotSeen", "no agent has reported this machine; its profile is imported",
                       node->metadata.generation, in.now);
  else if (!node->spec.expected_profile.empty())
    api::set_condition(next.status.conditions, "AsExpected",
                       right_profile ? api::ConditionStatus::true_ : api::ConditionStatus::false_,
                       right_profile ? "ProfileMatches" : "ProfileDiffers",
                       right_profile ? "the machine is what was expected"
                                     : "expected profile " + node->spec.expected_profile +
                                           ", found " + node->status.profile,
                       node->metadata.generation, in.now);
  if (schema::print(next) != schema::print(*node)) {
    const bool ready = api::is_true(next.status.conditions, "Ready");
    if (ready != api::is_true(node->status.conditions, "Ready"))
      plan.notes.push_back({api::Object::of(*node), ready ? "Normal" : "Warning",
                            ready ? "NodeReady" : "NodeSilent",
                            ready ? "the agent is heard from" : "the agent is silent"});
    plan.update(api::Object::of(std::move(next)), revision_of(node->metadata));
  }
  return plan;
}

}  // namespace freehold::control
