#include "control/node/node.h"

#include <algorithm>

#include "api/catalog.h"
#include "api/node.h"
#include "control/node/expected.h"

namespace freehold::control {
namespace {

constexpr std::string_view expectation = "HardwareAsExpected";

bool expects(const api::Node& node) {
  return !node.spec.expected_profile.empty() || !node.spec.expected_model.empty();
}

// Without an expectation nothing is said.
void set_expectation(const api::Node& node, const Input& in,
                     std::vector<api::Condition>& conditions) {
  if (!expects(node)) {
    std::erase_if(conditions, [](const auto& c) { return c.type == expectation; });
    return;
  }
  if (node.status.agent_version.empty()) {
    api::set_condition(conditions, std::string(expectation), api::ConditionStatus::unknown,
                       "NotSeen", "no agent has reported this machine; its profile is imported",
                       node.metadata.generation, in.now);
    return;
  }
  const auto* found = in.view.get<api::HardwareProfile>("", node.status.profile);
  const auto* expected = in.view.get<api::HardwareProfile>("", node.spec.expected_profile);
  const auto* model = in.view.get<api::DeviceModel>("", node.spec.expected_model);
  const std::vector<const api::DeviceModel*> catalogue = in.view.all<api::DeviceModel>();
  const std::vector<const api::HardwareProfile*> others = in.view.all<api::HardwareProfile>();
  const Verdict verdict = judge_hardware({
      .node = node,
      .found = found == nullptr ? nullptr : &found->spec,
      .expected = expected == nullptr ? nullptr : &expected->spec,
      .model = model == nullptr ? nullptr : &model->spec,
      .catalogue = catalogue,
      .others = others,
  });
  api::set_condition(conditions, std::string(expectation), verdict.status, verdict.reason,
                     verdict.message, node.metadata.generation, in.now);
}

}  // namespace

// What a machine should have depends on models and profiles, too.
std::vector<std::string> NodeController::keys_for(const ledger::Record& record, bool,
                                                  const ledger::View& view) const {
  if (record.object.as<api::Node>()) return {record.object.key()};
  const auto* profile = record.object.as<api::HardwareProfile>();
  if (profile == nullptr && record.object.as<api::DeviceModel>() == nullptr) return {};
  std::vector<std::string> keys;
  for (const api::Node* node : view.all<api::Node>()) {
    const bool concerns =
        profile == nullptr ? expects(*node)
                           : node->spec.expected_profile == profile->metadata.name ||
                                 (expects(*node) && node->status.profile == profile->metadata.name);
    if (concerns) keys.push_back(api::Object::of(*node).key());
  }
  return keys;
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
  const auto* former = api::find_condition(node->status.conditions, api::former_work_ended);
  if (heard && former != nullptr && former->status == api::ConditionStatus::false_) {
    api::set_condition(next.status.conditions, "Ready", api::ConditionStatus::unknown, "FormerWork",
                       former->message, node->metadata.generation, in.now);
  } else if (heard && node->status.profile.empty()) {
    api::set_condition(next.status.conditions, "Ready", api::ConditionStatus::unknown,
                       "HardwareNotSaid",
                       "the agent is heard from and has not said yet what the machine is",
                       node->metadata.generation, in.now);
  } else if (heard) {
    api::set_condition(next.status.conditions, "Ready", api::ConditionStatus::true_, "AgentHeard",
                       "the agent renews its lease", node->metadata.generation, in.now);
  } else {
    api::set_condition(next.status.conditions, "Ready", api::ConditionStatus::unknown,
                       "AgentSilent",
                       last ? "the agent has not been heard from for 20 s; its work is left alone"
                            : "the agent has not been heard from since this server started",
                       node->metadata.generation, in.now);
  }
  set_expectation(*node, in, next.status.conditions);
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
