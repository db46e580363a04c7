// topology: a machine, a fabric, or the way between two machines, from a control plane or from
// files.
#include <algorithm>
#include <map>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/topology.h"
#include "discover/draw.h"
#include "fleet/objects.h"

namespace freehold::cli {

namespace {

// The objects that a question is about, and a fleet made of them.
struct Scene {
  std::vector<api::Object> objects;
  fleet::Fleet fleet;

  template <class T>
  const T* find(std::string_view name) const {
    for (const api::Object& object : objects)
      if (const T* typed = object.as<T>(); typed != nullptr && typed->metadata.name == name)
        return typed;
    return nullptr;
  }
  template <class T>
  std::vector<const T*> all() const {
    std::vector<const T*> out;
    for (const api::Object& object : objects)
      if (const T* typed = object.as<T>()) out.push_back(typed);
    return out;
  }
};

// An imported machine whose status did not travel is what it should be.
void take(Scene& scene, api::Object object) {
  if (auto* node = object.as<api::Node>(); node != nullptr && node->status.profile.empty())
    node->status.profile = node->spec.expected_profile;
  fleet::put_object(scene.fleet, object);
  scene.objects.push_back(std::move(object));
}

Result<Scene> from_files(const TopologyOptions& options) {
  Scene scene;
  for (const Document& document : TRY(read_documents(options.files, "default"))) {
    api::Object object(*document.kind);
    schema::Errors errors;
    TRY(api::read_object(object, document.body, errors));
    api::validate(object, errors);
    if (!errors.empty()) return errors.to_error(document.kind->name, document.name);
    take(scene, std::move(object));
  }
  return scene;
}

Result<void> list_into(Session& session, const api::Kind& kind, Scene& scene) {
  for (api::Object& object : TRY(session.list({&kind, {}, {}}))) take(scene, std::move(object));
  return {};
}

Result<void> get_node(Session& session, const std::string& name, Scene& scene) {
  api::Object node = TRY(session.get({&api::kind_of<api::Node>(), {}, name}));
  const auto& typed = *node.as<api::Node>();
  const std::string profile =
      typed.status.profile.empty() ? typed.spec.expected_profile : typed.status.profile;
  if (!profile.empty() && scene.find<api::HardwareProfile>(profile) == nullptr) {
    auto found = session.get({&api::kind_of<api::HardwareProfile>(), {}, profile});
    if (!found && found.error().reason != Reason::not_found) return found.error();
    if (found) take(scene, std::move(*found));
  }
  take(scene, node.clone());
  return {};
}

Result<Scene> from_server(const ClientOptions& client, const std::vector<Named>& asked) {
  Scene scene;
  auto session = TRY(Session::open(client));
  for (const Named& one : asked) {
    if (one.kind == &api::kind_of<api::Node>())
      TRY(get_node(*session, one.name, scene));
    else
      take(scene, TRY(session->get({one.kind, {}, one.name})));
  }
  if (asked.size() == 1 && asked[0].kind == &api::kind_of<api::Fabric>())
    TRY(list_into(*session, *asked[0].kind, scene));  // their links may end in this one
  if (asked.size() < 2) return scene;
  for (const api::Kind* kind :
       {&api::kind_of<api::Site>(), &api::kind_of<api::Rack>(), &api::kind_of<api::Fabric>()})
    TRY(list_into(*session, *kind, scene));
  return scene;
}

Result<const fleet::NodeState*> node_of(const Scene& scene, const std::string& name) {
  const fleet::NodeState* state = scene.fleet.find(name);
  if (state == nullptr || scene.find<api::Node>(name) == nullptr)
    return Error{Reason::not_found, "node/" + name + " is not in what was given"};
  return state;
}

// One whose interior is known.
Result<const fleet::NodeState*> machine_of(const Scene& scene, const std::string& name) {
  const fleet::NodeState* state = TRY(node_of(scene, name));
  if (!state->interior().is_complete())
    return Error{Reason::not_found, "node/" + name + " names no HardwareProfile that is known; " +
                                        "its agent reports one, an import brings one"};
  return state;
}

// The tree of a machine as `freehold discover` draws it, out of what is stored.
std::string tree_of(const api::Node& node, const api::HardwareProfile& profile,
                    const Terminal& terminal) {
  discover::Machine machine;
  machine.profile = profile.spec;
  machine.host_name = node.metadata.name;
  machine.kernel = node.status.kernel;
  machine.firmware = node.status.firmware;
  machine.degraded = node.status.degraded_links;
  machine.online_cpus = machine.allowed_cpus = profile.spec.cpus;
  for (const api::Device& device : profile.spec.devices) {
    const auto& seen = node.status.devices;
    const auto found = std::find_if(seen.begin(), seen.end(),
                                    [&](const auto& one) { return one.id == device.id; });
    api::NodeDevice unseen;
    unseen.id = device.id;
    machine.devices.push_back(found == seen.end() ? unseen : *found);
    discover::DeviceAccess access;
    access.id = device.id;
    machine.access.push_back(std::move(access));
  }
  discover::DrawOptions options;
  options.colour = terminal.colour;
  options.width = terminal.width;
  options.is_seen = std::any_of(machine.devices.begin(), machine.devices.end(),
                                [](const auto& one) { return one.health != api::Health::unknown; });
  return discover::draw(machine, options);
}

Result<std::string> machine_text(const Scene& scene, const std::string& name,
                                 const TopologyOptions& options) {
  const fleet::NodeState& state = *TRY(machine_of(scene, name));
  const auto& node = *scene.find<api::Node>(name);
  const auto* profile = scene.find<api::HardwareProfile>(node.status.profile);
  if (profile == nullptr) return Error{Reason::not_found, "its HardwareProfile is not here"};
  switch (options.form) {
    case TopologyForm::json:
      return document(path_document(state, node), Output::json);
    case TopologyForm::yaml:
      return document(path_document(state, node), Output::yaml);
    case TopologyForm::dot:
      return dot_of(machine_picture(node, profile->spec, state));
    case TopologyForm::svg:
      return svg_of(machine_picture(node, profile->spec, state));
    default:
      break;
  }
  const Terminal t = terminal(stdout);
  const Devices which = options.form == TopologyForm::wide ? Devices::all : Devices::gpus_and_nics;
  const std::string matrix = path_matrix(state, which, t);
  return tree_of(node, *profile, t) + (matrix.empty() ? "" : "\n" + matrix);
}

Result<std::string> fabric_text(const Scene& scene, const std::string& name,
                                const TopologyOptions& options) {
  const auto* fabric = scene.find<api::Fabric>(name);
  if (fabric == nullptr)
    return Error{Reason::not_found, "fabric/" + name + " is not in what was given"};
  switch (options.form) {
    case TopologyForm::json:
    case TopologyForm::yaml:
      return document(api::to_json(api::Object::of(*fabric)),
                      options.form == TopologyForm::json ? Output::json : Output::yaml);
    case TopologyForm::dot:
      return dot_of(fabric_picture(*fabric));
    case TopologyForm::svg:
      return svg_of(fabric_picture(*fabric));
    default:
      return fabric_table(*fabric, scene.all<api::Fabric>(), terminal(stdout));
  }
}

Result<std::string> between_text(const Scene& scene, const std::vector<Named>& asked,
                                 const TopologyOptions& options) {
  const fleet::NodeState& from = *TRY(node_of(scene, asked[0].name));
  const fleet::NodeState& to = *TRY(node_of(scene, asked[1].name));
  std::vector<const api::Site*> sites;
  for (const std::string& name : scene.fleet.sites_between(from, to))
    if (const auto* site = scene.find<api::Site>(name)) sites.push_back(site);
  const std::string price = transit_price(sites);
  switch (options.form) {
    case TopologyForm::json:
    case TopologyForm::yaml:
      return document(way_document(scene.fleet, from, to, price),
                      options.form == TopologyForm::json ? Output::json : Output::yaml);
    default:
      return way_text(scene.fleet, from, to, price, terminal(stdout));
  }
}

Result<std::vector<Named>> asked_for(const TopologyOptions& options) {
  std::vector<Named> out;
  for (const std::string& name : options.names) {
    out.push_back(TRY(parse_name(name)));
    const api::Kind* kind = out.back().kind;
    if (kind != &api::kind_of<api::Node>() && kind != &api::kind_of<api::Fabric>())
      return Error{Reason::bad_request, name + ": use node/NAME or fabric/NAME"};
  }
  const bool is_picture = options.form == TopologyForm::dot || options.form == TopologyForm::svg;
  if (out.size() == 2 && is_picture)
    return Error{Reason::bad_request, "a picture is of one machine or of one fabric"};
  const bool are_nodes = std::all_of(out.begin(), out.end(), [](const Named& one) {
    return one.kind == &api::kind_of<api::Node>();
  });
  if (out.size() == 2 && are_nodes) return out;
  if (out.size() == 1) return out;
  return Error{Reason::bad_request, "give one node, one fabric, or two nodes"};
}

Result<std::string> topology_text(const ClientOptions& client, const TopologyOptions& options,
                                  const std::vector<Named>& asked) {
  const Scene scene =
      options.files.empty() ? TRY(from_server(client, asked)) : TRY(from_files(options));
  if (asked.size() == 2) return between_text(scene, asked, options);
  if (asked[0].kind == &api::kind_of<api::Node>())
    return machine_text(scene, asked[0].name, options);
  return fabric_text(scene, asked[0].name, options);
}

}  // namespace

int topology(const ClientOptions& client, const TopologyOptions& options) {
  const auto asked = asked_for(options);
  if (!asked) return complain_usage(asked.error());
  const auto text = topology_text(client, options, *asked);
  if (!text) return complain(text.error());
  put(*text);
  return done;
}

}  // namespace freehold::cli
