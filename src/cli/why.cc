// why: gathers what explains one object.
#include "api/contract.h"
#include "api/core.h"
#include "api/node.h"
#include "api/workload.h"
#include "base/strings.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/reasons.h"

namespace freehold::cli {

namespace {

template <class T>
constexpr bool is(const api::Kind* kind) {
  return kind == &api::kind_of<T>();
}

bool is_explained(const api::Kind* kind) {
  return is<api::Contract>(kind) || is<api::Workload>(kind) || is<api::Node>(kind) ||
         is<api::Offer>(kind) || is<api::Instance>(kind);
}

// What a person may not list does not stop the explanation.
template <class T>
std::vector<api::Object> listed(Session& session, const client::Target& target) {
  auto all = session.list(target);
  if (!all)
    put("freehold: without " + std::string(api::kind_of<T>().plural) + ": " +
            printable(all.error().message) + "\n",
        stderr);
  return all ? std::move(*all) : std::vector<api::Object>();
}

}  // namespace

int why(const ClientOptions& client, const std::string& name) {
  const auto named = parse_name(name);
  if (!named) return complain_usage(named.error());
  const bool node = is<api::Node>(named->kind);
  if (!is_explained(named->kind))
    return complain_usage(
        {Reason::bad_request, "why explains contracts, workloads, nodes, offers and instances"});
  auto opened = Session::open(client);
  if (!opened) return complain(opened.error());
  Session& session = **opened;
  const auto object = session.get(session.target(*named->kind, named->name));
  if (!object) return complain(object.error());
  const auto in_namespace = [&](const api::Kind& kind) {
    client::Target target = session.target(kind);
    if (node) target.ns.clear();
    return target;
  };
  Surroundings around;
  if (is<api::Workload>(named->kind))
    around.contracts = listed<api::Contract>(session, in_namespace(api::kind_of<api::Contract>()));
  if (is<api::Workload>(named->kind) || is<api::Contract>(named->kind))
    around.offers = listed<api::Offer>(session, in_namespace(api::kind_of<api::Offer>()));
  if (!is<api::Offer>(named->kind))
    around.instances = listed<api::Instance>(session, in_namespace(api::kind_of<api::Instance>()));
  if (!node && !around.instances.empty())
    around.nodes = listed<api::Node>(session, {&api::kind_of<api::Node>(), {}, {}});
  around.events = listed<api::Event>(session, in_namespace(api::kind_of<api::Event>()));
  const Time now = session.loop().now();
  if (client.output == Output::table) {
    put(reasons_text(*object, around, now, terminal(stdout)));
    return done;
  }
  const std::string text = reasons_text(*object, around, now, {});
  json::Array lines;
  for (const std::string_view line : split(text, '\n'))
    if (!line.empty()) lines.emplace_back(std::string(line));
  json::Object out;
  out["reasons"] = std::move(lines);
  out["object"] = api::to_json(*object);
  put(document(json::Value(std::move(out)), client.output));
  return done;
}

}  // namespace freehold::cli
