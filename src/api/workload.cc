// Rows of the registry for workload.h; the rules of its tables are in checks.cc.
#include "api/workload.h"

#include <algorithm>

#include "api/kind_rows.h"
#include "api/workload_table.h"
#include "base/strings.h"

namespace freehold::api {
namespace {

std::string part_text(int64_t part, int64_t whole) {
  return std::to_string(part) + '/' + std::to_string(whole);
}

std::string addresses_text(const Endpoint& endpoint) {
  constexpr size_t most = 3;
  const auto& addresses = endpoint.status.addresses;
  std::string out;
  for (size_t i = 0; i < std::min(addresses.size(), most); ++i) {
    if (i > 0) out += ',';
    out += addresses[i].address + ':' + std::to_string(addresses[i].port);
  }
  if (addresses.size() > most) out += " +" + std::to_string(addresses.size() - most);
  return or_none(out);
}

// A template is filled in once; after that, other values would change nothing, whether or not the
// roles go with the contract. What could not be filled in is mended by other values.
void check_workload_update(const void* old_object, const void* new_object, schema::Errors& errors) {
  const auto& before = *static_cast<const Workload*>(old_object);
  const auto& after = *static_cast<const Workload*>(new_object);
  const Condition* filled = find_condition(before.status.conditions, "Instantiated");
  if (before.spec.template_name.empty() || filled == nullptr || filled->reason == "Invalid") return;
  for (const schema::FieldInfo& field : schema::type_of<WorkloadSpec>.fields)
    if (field.name == "parameters" &&
        !schema::equal(*field.type, field.at(&before.spec), field.at(&after.spec)))
      errors.add(schema::Fault::immutable, schema::Path{nullptr, "spec"} / "parameters",
                 "are fixed since the template was filled in; make another workload, and delete "
                 "this one when you have it");
}

}  // namespace

template <>
Kind row<Template>() {
  using T = Template;
  Kind kind = plain_kind<T>({"templates", "template", "TemplateList", {"tpl"}}, Scope::cluster);
  kind.columns = {
      column<T, [](const T& t, Time) { return or_none(t.spec.title); }>("Title", "string",
                                                                        "One line."),
      column<T, [](const T& t, Time) { return or_none(t.spec.release); }>("Release", "string",
                                                                          "Version of the recipe."),
      column<T, [](const T& t, Time) { return std::to_string(t.spec.parameters.size()); }>(
          "Parameters", "integer", "How many parameters it has."),
  };
  return kind;
}
template const Kind& kind_of<Template>();

template <>
Kind row<Workload>() {
  using T = Workload;
  Kind kind = plain_kind<T>({"workloads", "workload", "WorkloadList", {"wl"}}, Scope::namespaced);
  kind.check_update = check_workload_update;
  kind.categories = {"all", "freehold"};
  kind.columns = {
      column<T, [](const T& w, Time) { return enum_text(w.status.phase); }>("Phase", "string",
                                                                            "What it does."),
      column<T, [](const T& w, Time) { return part_text(w.status.ready, w.status.desired); }>(
          "Ready", "string", "Members that are ready, of those that are wanted."),
      column<T, [](const T& w, Time) { return std::to_string(w.status.restarts); }>(
          "Restarts", "integer", "Restarts of all members."),
      column<T,
             [](const T& w, Time) {
               return or_none(w.status.contract.empty() ? w.spec.contract : w.status.contract);
             }>("Contract", "string", "Its contract."),
      column<T, [](const T& w, Time) { return or_none(w.spec.template_name); }>(
          "Template", "string", "Template that it is made from.", 1),
  };
  kind.selectable = {"spec.contract", "spec.template", "status.phase"};
  return kind;
}
template const Kind& kind_of<Workload>();

template <>
Kind row<Instance>() {
  using T = Instance;
  Kind kind = plain_kind<T>({"instances", "instance", "InstanceList", {"inst"}}, Scope::namespaced);
  kind.categories = {"all", "freehold"};
  kind.columns = {
      column<T, [](const T& i, Time) { return enum_text(i.status.phase); }>("Phase", "string",
                                                                            "What it does."),
      column<T, [](const T& i, Time) { return i.status.ready ? "True" : "False"; }>(
          "Ready", "string", "Whether traffic may be sent."),
      column<T, [](const T& i, Time) { return or_none(i.spec.node); }>("Node", "string",
                                                                       "Node that runs it."),
      column<T, [](const T& i, Time) { return or_none(i.spec.cpus); }>("CPUs", "string",
                                                                       "Its exclusive CPUs."),
      column<T, [](const T& i, Time) { return std::to_string(i.status.restarts); }>(
          "Restarts", "integer", "How often it was started again."),
      column<T, [](const T& i, Time) { return or_none(i.spec.workload); }>("Workload", "string",
                                                                           "Its workload.", 1),
      column<T, [](const T& i, Time) { return or_none(i.spec.contract); }>("Contract", "string",
                                                                           "Its contract.", 1),
      column<T, [](const T& i, Time) { return or_none(i.status.address); }>(
          "Address", "string", "Where it is reached.", 1),
      column<T, [](const T& i, Time) { return or_none(i.status.reason); }>("Reason", "string",
                                                                           "Why it does so.", 1),
  };
  kind.selectable = {"spec.node", "spec.workload", "spec.contract", "status.phase"};
  return kind;
}
template const Kind& kind_of<Instance>();

template <>
Kind row<Endpoint>() {
  using T = Endpoint;
  Kind kind = plain_kind<T>({"endpoints", "endpoint", "EndpointList", {"ept"}}, Scope::namespaced);
  kind.categories = {"all", "freehold"};
  kind.columns = {
      column<T, [](const T& e, Time) { return or_none(e.spec.workload); }>("Workload", "string",
                                                                           "Its workload."),
      column<T, [](const T& e, Time) { return or_none(e.spec.port); }>("Port", "string",
                                                                       "Name of the port."),
      column<T,
             [](const T& e, Time) {
               const auto& all = e.status.addresses;
               return part_text(std::ranges::count(all, true, &EndpointAddress::ready),
                                std::ssize(all));
             }>("Ready", "string", "Instances that traffic may be sent to, of all."),
      column<T, [](const T& e, Time) { return addresses_text(e); }>("Addresses", "string",
                                                                    "Where traffic goes."),
  };
  kind.selectable = {"spec.workload"};
  return kind;
}
template const Kind& kind_of<Endpoint>();

}  // namespace freehold::api
