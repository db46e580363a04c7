// Cluster models of topograph (https://github.com/NVIDIA/topograph, tests/models): a tree of
// switches with labels, and blocks of machines below its leaves, with the domain of their
// accelerators.
#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"
#include "discover/import/formats.h"
#include "discover/import/text.h"
#include "discover/import/tree.h"
#include "json/yaml.h"

namespace freehold::discover {

namespace {

class Reader {
 public:
  explicit Reader(const ImportOptions& options) : options_(options) {
    out_.source = "topograph";
    out_.confidence = api::Confidence::overlay;
  }

  Result<Inventory> read(const json::Value& document) {
    const json::Object* top = document.as_object();
    if (top == nullptr) return wrong("", "is no model: `switches` and `blocks` are needed");
    for (const auto& [key, value] : *top)
      if (key != "switches" && key != "blocks") add_note(out_.notes, "`" + key + "` is not read");
    if (const json::Value* switches = top->find("switches"); switches && !switches->is_null())
      TRY(read_switches(*switches));
    if (const json::Value* blocks = top->find("blocks"); blocks && !blocks->is_null())
      TRY(read_blocks(*blocks));
    if (switches_.empty()) return wrong("", "holds no switch and no block");
    tell_strays();
    add_undescribed();
    api::Fabric fabric;
    fabric.metadata.name = options_.name;
    fabric.spec = TRY(tree_fabric(switches_, options_, names_, out_.notes));
    place(fabric.spec);
    add_hosts(fabric.spec);
    out_.fabrics.push_back(std::move(fabric));
    return std::move(out_);
  }

 private:
  Error wrong(const std::string& path, std::string_view what) const {
    return fault_at(options_, 0,
                    path.empty() ? std::string(what) : path + ": " + std::string(what));
  }

  Result<std::vector<std::string>> strings_at(const json::Value* value, const std::string& path) {
    std::vector<std::string> out;
    if (value == nullptr || value->is_null()) return out;
    if (value->as_array() == nullptr) return wrong(path, "is a list of names");
    for (const json::Value& item : *value->as_array()) {
      if (item.as_string() == nullptr) return wrong(path, "is a list of names");
      out.push_back(*item.as_string());
    }
    return out;
  }

  Result<void> read_switches(const json::Value& switches) {
    if (switches.as_array() != nullptr)
      return wrong("switches",
                   "is a list, as older versions of topograph wrote it; since then it "
                   "maps each name to its switches");
    if (switches.as_object() == nullptr) return wrong("switches", "maps names to switches");
    for (const auto& [name, body] : *switches.as_object()) {
      const std::string path = "switches." + name;
      TreeSwitch there{name, path, {}, {}};
      if (!body.is_null() && body.as_object() == nullptr) return wrong(path, "is a mapping");
      if (body.as_object() != nullptr)
        for (const auto& [key, value] : *body.as_object()) {
          if (key == "switches")
            there.children = TRY(strings_at(&value, path + ".switches"));
          else if (key == "labels")
            TRY(read_labels(name, value, path + ".labels"));
          else
            add_note(out_.notes, path + "." + key + " is not read");
        }
      places_.emplace(switch_name(name), switches_.size());
      switches_.push_back(std::move(there));
    }
    return {};
  }

  Result<void> read_labels(const std::string& name, const json::Value& labels,
                           const std::string& path) {
    if (labels.is_null()) return {};
    if (labels.as_object() == nullptr) return wrong(path, "is a mapping");
    for (const auto& [key, value] : *labels.as_object()) {
      const std::string* text = value.as_string();
      if (text == nullptr || !is_label_key(key) || !is_label_value(*text))
        add_note(out_.notes, path + ": \"" + key + "\" is no label that a node can carry");
      else
        labels_[switch_name(name)][key] = *text;
    }
    return {};
  }

  Result<void> read_blocks(const json::Value& blocks) {
    if (blocks.as_array() == nullptr) return wrong("blocks", "is a list");
    for (size_t i = 0; i < blocks.as_array()->size(); ++i) {
      const json::Value& block = (*blocks.as_array())[i];
      const std::string path = "blocks[" + std::to_string(i) + "]";
      if (block.as_object() == nullptr) return wrong(path, "is a mapping");
      const std::string name(block.string_at({"switch"}));
      if (name.empty()) return wrong(path + ".switch", "is required");
      std::vector<std::string> nodes;
      for (const std::string& list : TRY(strings_at(block.at({"nodes"}), path + ".nodes"))) {
        auto expanded = expand_hostlist(list);
        if (!expanded) return wrong(path + ".nodes", expanded.error().message);
        nodes.insert(nodes.end(), expanded->begin(), expanded->end());
        machines_ += expanded->size();
        if (machines_ > limits::import_hosts) return wrong(path, "more machines than any site has");
      }
      for (const auto& [key, value] : *block.as_object())
        if (key != "switch" && key != "nodes" && key != "annotations")
          add_note(out_.notes, path + "." + key + " is not read");
      TRY(read_domain(block, path, nodes));
      const auto [at, fresh] = places_.try_emplace(switch_name(name), switches_.size());
      if (fresh) switches_.push_back({name, path, {}, {}});
      TreeSwitch& there = switches_[at->second];
      there.nodes.insert(there.nodes.end(), nodes.begin(), nodes.end());
    }
    return {};
  }

  // `accelerator.<anything>/domain` names the scale-up domain of a block's machines.
  Result<void> read_domain(const json::Value& block, const std::string& path,
                           const std::vector<std::string>& nodes) {
    const json::Value* annotations = block.at({"annotations"});
    if (annotations == nullptr || annotations->is_null()) return {};
    if (annotations->as_object() == nullptr) return wrong(path + ".annotations", "is a mapping");
    for (const auto& [key, value] : *annotations->as_object()) {
      if (key.starts_with("accelerator.") && key.ends_with("/sub-domain")) continue;
      const bool is_domain = key.starts_with("accelerator.") && key.ends_with("/domain");
      const std::string* text = value.as_string();
      if (!is_domain || text == nullptr || text->empty() || text->size() > 128) {
        add_note(out_.notes, path + ".annotations: \"" + key + "\" is not read");
        continue;
      }
      for (const std::string& node : nodes)
        if (const auto [at, fresh] = domains_.try_emplace(node, *text);
            !fresh && at->second != *text)
          return wrong(path + ".annotations", "machine \"" + node + "\" is in domain \"" + *text +
                                                  "\" here, and in \"" + at->second + "\" before");
    }
    return {};
  }

  // Blocks of which the tree knows nothing: with a tree, most likely a name that was mistyped.
  void tell_strays() {
    if (std::ranges::all_of(switches_, is_block)) return;
    std::set<std::string> below;
    for (const TreeSwitch& above : switches_)
      for (const std::string& child : above.children) below.insert(switch_name(child));
    for (const TreeSwitch& there : switches_)
      if (is_block(there) && !below.contains(switch_name(there.name)))
        add_note(out_.notes, there.where + ".switch: \"" + there.name +
                                 "\" is described nowhere and hangs on no other switch; taken for "
                                 "one by itself");
  }
  static bool is_block(const TreeSwitch& there) { return there.where.starts_with("blocks["); }

  // Racks without machines stand only in the lists of what is above them.
  void add_undescribed() {
    std::vector<TreeSwitch> empty;
    for (const TreeSwitch& above : switches_)
      for (const std::string& child : above.children) {
        if (!places_.try_emplace(switch_name(child), switches_.size() + empty.size()).second)
          continue;
        add_note(out_.notes, "switch \"" + child + "\" below \"" + above.name +
                                 "\" is described nowhere; taken for one without machines");
        empty.push_back({child, "switches." + above.name, {}, {}});
      }
    std::ranges::move(empty, std::back_inserter(switches_));
  }

  // Racks by the names of leaves.
  void place(api::FabricSpec& fabric) {
    std::set<std::string> racks;
    for (api::FabricSwitch& there : fabric.switches) {
      const NamedPlace place = place_of_name(there.name);
      there.rack = place.rack;
      if (place.rack.empty() || !racks.insert(place.rack).second) continue;
      api::Rack rack;
      rack.metadata.name = place.rack;
      rack.spec.row = place.row;
      rack.spec.site = options_.site;
      out_.racks.push_back(std::move(rack));
    }
    if (!racks.empty())
      add_note(out_.notes, std::to_string(racks.size()) + " racks are taken from names");
  }

  // A machine has the labels of all switches above it, the nearest first.
  void add_hosts(const api::FabricSpec& fabric) {
    std::map<std::string_view, std::string_view> above;
    for (const api::FabricLink& link : fabric.links) above[link.from] = link.to;
    std::map<std::string, std::string> domains;
    for (const auto& [written, domain] : domains_)
      if (auto name = names_.name_of(written)) domains[*name] = domain;
    for (const api::FabricSwitch& there : fabric.switches)
      for (const std::string& node : there.nodes) {
        HostFacts host;
        host.name = node;
        host.rack = there.rack;
        if (const auto at = domains.find(node); at != domains.end())
          host.scale_up_domain = at->second;
        for (std::string_view at = there.name; !at.empty();) {
          if (const auto labels = labels_.find(at); labels != labels_.end())
            host.labels.insert(labels->second.begin(), labels->second.end());
          const auto next = above.find(at);
          at = next == above.end() ? std::string_view() : next->second;
        }
        out_.hosts.push_back(std::move(host));
      }
  }

  const ImportOptions& options_;
  Inventory out_;
  HostNames names_;
  std::vector<TreeSwitch> switches_;
  std::map<std::string, size_t, std::less<>> places_;  // switch → index
  std::map<std::string, schema::StringMap, std::less<>> labels_;
  std::map<std::string, std::string> domains_;  // machine, as written → domain
  size_t machines_ = 0;
};

}  // namespace

Result<Inventory> import_topograph(std::string_view text, const ImportOptions& options) {
  text = TRY(check_text(text, options));
  auto document = json::parse_yaml_or_json(text);
  if (!document) return fault_at(options, 0, document.error().message);
  return Reader(options).read(*document);
}

}  // namespace freehold::discover
