// Slurm's topology.conf for topology/tree and topology/block, and topology.yaml, which holds
// several (https://slurm.schedmd.com/topology.conf.html, …/topology.yaml.html).
#include <algorithm>
#include <set>

#include "base/strings.h"
#include "discover/import/formats.h"
#include "discover/import/slurm_conf.h"
#include "discover/import/text.h"
#include "discover/import/tree.h"
#include "discover/parse.h"
#include "json/yaml.h"

namespace freehold::discover {

namespace {

constexpr std::string_view block_sizes = ": block sizes are for Slurm's planning; not read";

class Reader {
 public:
  explicit Reader(const ImportOptions& options) : options_(options) {
    out_.source = "slurm-topology";
    out_.confidence = api::Confidence::overlay;
  }

  Result<Inventory> read_conf(std::string_view text) {
    std::vector<TreeSwitch> switches, blocks;
    TRY(parse_slurm(text, SlurmText::configuration, options_,
                    [&](SlurmLine& line) { return read_line(line, switches, blocks); }));
    if (switches.empty() && blocks.empty())
      return fault_at(options_, 0, "holds no SwitchName and no BlockName");
    const bool is_both = !switches.empty() && !blocks.empty();
    if (!switches.empty()) TRY(add_tree(switches, options_.name));
    if (!blocks.empty()) TRY(add_blocks(blocks, options_.name + (is_both ? "-blocks" : "")));
    return finish();
  }

  Result<Inventory> read_yaml(std::string_view text) {
    auto document = json::parse_yaml_or_json(text);
    if (!document) return fault_at(options_, 0, document.error().message);
    const json::Array* all = document->as_array();
    if (all == nullptr || all->empty())
      return fault_at(options_, 0, "is no list of topologies, as topology.yaml holds");
    for (size_t i = 0; i < all->size(); ++i)
      TRY(read_topology((*all)[i], "[" + std::to_string(i) + "]", all->size()));
    if (out_.fabrics.empty())
      return fault_at(options_, 0,
                      "has nothing to import, since no topology in it is a tree or of blocks: " +
                          join(out_.notes, "; "));
    return finish();
  }

 private:
  Error wrong(const std::string& path, std::string_view what) const {
    return fault_at(options_, 0, path + ": " + std::string(what));
  }

  // Machines and switches are counted apart, each against what a fabric may have of it.
  struct Count {
    size_t read = 0;
    const size_t most;
    const char* what;
  };
  Result<std::vector<std::string>> expand(const std::string& list, const std::string& where,
                                          Count& count) {
    if (&count == &machines_ && to_lower(trim(list)) == "all") {
      add_note(out_.notes, where + ": which machines \"" + list +
                               "\" are stands in slurm.conf; none of them hangs here");
      return std::vector<std::string>{};
    }
    auto names = expand_hostlist(list);
    if (!names) return wrong(where, names.error().message);
    count.read += names->size();
    if (count.read > count.most)
      return wrong(where,
                   std::string("more ") + count.what + " than " + std::to_string(count.most));
    return std::move(*names);
  }

  Result<void> read_line(const SlurmLine& line, std::vector<TreeSwitch>& switches,
                         std::vector<TreeSwitch>& blocks) {
    TreeSwitch there;
    there.where = "line " + std::to_string(line.line);
    const std::string& first = line.pairs[0].key;
    if (first == "blocksizes" || first == "blocklevels") {
      add_note(out_.notes, there.where + std::string(block_sizes));
      return {};
    }
    if (first != "switchname" && first != "blockname")
      return wrong(there.where, "\"" + first + "\" begins no line of topology.conf");
    there.name = line.pairs[0].value;
    if (there.name.find('[') != there.name.npos)
      return wrong(there.where, "a line describes one switch or block, not a list of them");
    std::set<std::string> keys;
    for (const SlurmPair& pair : line.pairs) {
      if (pair.value.find(' ') != pair.value.npos)
        return wrong(there.where, "\"" + clean_text(pair.value, 64) + "\" holds a blank; a word " +
                                      "of such a line is written KEY=VALUE");
      if (!keys.insert(pair.key).second)
        return wrong(there.where, "\"" + pair.key + "\" is given twice");
      if (pair.key == first) continue;
      if (pair.key == "nodes")
        there.nodes = TRY(expand(pair.value, there.where, machines_));
      else if (pair.key == "switches" && first == "switchname")
        there.children = TRY(expand(pair.value, there.where, switches_));
      else if (pair.key == "linkspeed")
        add_note(out_.notes, there.where + ": LinkSpeed has no unit in Slurm; not read");
      else
        return wrong(there.where, "\"" + pair.key + "\" is no word of such a line");
    }
    if (there.nodes.empty() && there.children.empty())
      add_note(out_.notes, there.where + ": \"" + there.name + "\" has nothing below it");
    (first == "switchname" ? switches : blocks).push_back(std::move(there));
    return {};
  }

  Result<void> read_topology(const json::Value& topology, const std::string& path, size_t count) {
    if (topology.as_object() == nullptr) return wrong(path, "is a mapping");
    const std::string name(topology.string_at({"topology"}));
    if (name.empty()) return wrong(path + ".topology", "is required");
    const std::string label = count == 1 ? options_.name : options_.name + "-" + label_of(name);
    bool any = false;
    for (const auto& [key, body] : *topology.as_object()) {
      if (key == "topology" || key == "cluster_default") continue;
      if (key == "tree" || key == "block") {
        const bool is_tree = key == "tree";
        const auto items = TRY(read_items(body, is_tree, path + "." + key));
        if (items.empty())
          add_note(out_.notes, "topology \"" + name + "\" is empty");
        else if (is_tree)
          TRY(add_tree(items, label_of(label)));
        else
          TRY(add_blocks(items, label_of(label)));
        any = true;
      } else if (key == "flat") {
        add_note(out_.notes, "topology \"" + name + "\" is flat: it says nothing about machines");
        any = true;
      } else {
        add_note(out_.notes, "topology \"" + name + "\": `" + key + "` is not read");
      }
    }
    if (!any) add_note(out_.notes, "topology \"" + name + "\" is of no kind that is read");
    return {};
  }

  // `switches: [{switch, children, nodes}]` or `blocks: [{block, nodes}]`.
  Result<std::vector<TreeSwitch>> read_items(const json::Value& body, bool is_tree,
                                             const std::string& path) {
    const std::string_view list = is_tree ? "switches" : "blocks",
                           id = is_tree ? "switch" : "block";
    const json::Value* items = body.at({list});
    const std::string at = path + "." + std::string(list);
    if (items == nullptr || items->as_array() == nullptr) return wrong(at, "is a list");
    for (const auto& [key, value] : *body.as_object())
      if (key != list)
        add_note(out_.notes, path + "." + key +
                                 (key == "block_sizes" ? std::string(block_sizes)
                                                       : std::string(" is not read")));
    std::vector<TreeSwitch> out;
    for (size_t i = 0; i < items->as_array()->size(); ++i) {
      const json::Value& item = (*items->as_array())[i];
      TreeSwitch there;
      there.where = at + "[" + std::to_string(i) + "]";
      if (item.as_object() == nullptr) return wrong(there.where, "is a mapping");
      there.name = item.string_at({id});
      if (there.name.empty()) return wrong(there.where + "." + std::string(id), "is required");
      for (const auto& [key, value] : *item.as_object()) {
        if (key == id) continue;
        const bool is_children = key == "children" && is_tree;
        if (key != "nodes" && !is_children) {
          add_note(out_.notes, there.where + "." + key + " is not read");
          continue;
        }
        if (value.as_string() == nullptr) return wrong(there.where + "." + key, "is a host list");
        (is_children ? there.children : there.nodes) = TRY(expand(
            *value.as_string(), there.where + "." + key, is_children ? switches_ : machines_));
      }
      out.push_back(std::move(there));
    }
    return out;
  }

  Result<void> add_tree(const std::vector<TreeSwitch>& switches, const std::string& name) {
    api::Fabric fabric;
    fabric.metadata.name = name;
    fabric.spec = TRY(tree_fabric(switches, options_, names_, out_.notes));
    add_fabric(std::move(fabric));
    return {};
  }

  // A block is a group of machines that are near each other, as if on one switch.
  Result<void> add_blocks(const std::vector<TreeSwitch>& blocks, const std::string& name) {
    std::vector<std::string> roots;  // blocks have nothing above them, which is no news
    api::Fabric fabric;
    fabric.metadata.name = name;
    fabric.spec = TRY(tree_fabric(blocks, options_, names_, roots));
    fabric.spec.technology = "slurm-block";
    for (api::FabricTier& tier : fabric.spec.tiers) tier.name = "block";
    for (api::FabricSwitch& block : fabric.spec.switches) block.tier = "block";
    add_fabric(std::move(fabric));
    return {};
  }

  // Names that differ may become one label, as "a b" and "a-b" do.
  void add_fabric(api::Fabric fabric) {
    std::string& name = fabric.metadata.name;
    const std::string wanted = name.substr(0, 59);
    for (size_t n = 2; !fabric_names_.insert(name).second; ++n)
      name = wanted + "-" + std::to_string(n);
    for (const api::FabricSwitch& there : fabric.spec.switches)
      hosts_.insert(there.nodes.begin(), there.nodes.end());
    out_.fabrics.push_back(std::move(fabric));
  }

  Inventory finish() {
    for (const std::string& name : hosts_) {
      HostFacts host;
      host.name = name;
      out_.hosts.push_back(std::move(host));
    }
    return std::move(out_);
  }

  const ImportOptions& options_;
  Inventory out_;
  HostNames names_;
  std::set<std::string> hosts_, fabric_names_;
  Count machines_{0, limits::import_hosts, "machines"};
  Count switches_{0, limits::import_switches, "switches"};
};

// topology.yaml is a list; no line of topology.conf begins with a dash, and none is a mapping.
bool is_yaml(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    if (!line.empty() && line[0] != '#') return line[0] == '-' || line[0] == '[' || line[0] == '{';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

}  // namespace

Result<Inventory> import_slurm_topology(std::string_view text, const ImportOptions& options) {
  text = TRY(check_text(text, options));
  return is_yaml(text) ? Reader(options).read_yaml(text) : Reader(options).read_conf(text);
}

}  // namespace freehold::discover
