#include "discover/import/tree.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"
#include "discover/import/limits.h"
#include "discover/import/tiers.h"
#include "discover/parse.h"

namespace freehold::discover {

namespace {

class Tree {
 public:
  Tree(const std::vector<TreeSwitch>& switches, const ImportOptions& options)
      : switches_(switches), options_(options) {}

  // Finds each switch's parent and level.
  Result<void> link() {
    if (switches_.size() > limits::import_switches)
      return fault_at(options_, 0, "more switches than any fabric has");
    for (size_t i = 0; i < switches_.size(); ++i) {
      const std::string name = switch_name(switches_[i].name);
      if (name.empty() || name.size() > limits::host_name_bytes)
        return wrong(i, "a switch needs a name of at most 253 signs");
      if (!places_.emplace(name, i).second)
        return wrong(i, "switch \"" + name + "\" is described a second time");
    }
    parents_.assign(switches_.size(), none);
    for (size_t i = 0; i < switches_.size(); ++i)
      for (const std::string& child : switches_[i].children) {
        const auto at = places_.find(switch_name(child));
        if (at == places_.end())
          return wrong(i, "switch \"" + child + "\" is not described anywhere");
        if (parents_[at->second] != none)
          return wrong(i, "switch \"" + child + "\" hangs on \"" +
                              switches_[parents_[at->second]].name + "\" already");
        parents_[at->second] = i;
      }
    return find_levels();
  }

  size_t level(size_t i) const { return levels_[i]; }
  size_t parent(size_t i) const { return parents_[i]; }
  Error wrong(size_t i, std::string_view what) const {
    return fault_at(options_, 0, switches_[i].where + ": " + std::string(what));
  }
  static constexpr size_t none = static_cast<size_t>(-1);

 private:
  // Each leaf lifts what is above it; a ring would lift without end.
  Result<void> find_levels() {
    levels_.assign(switches_.size(), 0);
    std::vector<size_t> waiting(switches_.size());  // children whose level is not known yet
    std::vector<size_t> ready;
    for (size_t i = 0; i < switches_.size(); ++i) {
      waiting[i] = switches_[i].children.size();
      if (waiting[i] == 0) ready.push_back(i);
    }
    size_t done = 0;
    for (; done < ready.size(); ++done) {
      const size_t at = ready[done], above = parents_[at];
      if (levels_[at] >= limits::tiers) return wrong(at, "more than eight levels of switches");
      if (above == none) continue;
      levels_[above] = std::max(levels_[above], levels_[at] + 1);
      if (--waiting[above] == 0) ready.push_back(above);
    }
    if (done < switches_.size())
      for (size_t i = 0; i < switches_.size(); ++i)
        if (waiting[i] > 0)
          return wrong(i, "switch \"" + switches_[i].name + "\" hangs on itself in a ring");
    return {};
  }

  const std::vector<TreeSwitch>& switches_;
  const ImportOptions& options_;
  std::map<std::string, size_t, std::less<>> places_;
  std::vector<size_t> parents_, levels_;
};

}  // namespace

std::string switch_name(std::string_view text) {
  std::string name = clean_text(trim(text), limits::host_name_bytes + 1);
  std::ranges::replace(name, '/', '-');
  return name;
}

Result<api::FabricSpec> tree_fabric(const std::vector<TreeSwitch>& switches,
                                    const ImportOptions& options, HostNames& names,
                                    std::vector<std::string>& notes) {
  Tree tree(switches, options);
  TRY(tree.link());
  api::FabricSpec fabric;
  fabric.kind = api::FabricKind::data;
  fabric.site = options.site;
  std::map<std::string, size_t, std::less<>> homes;  // machine → switch
  std::vector<std::string> roots;
  size_t levels = 0;
  for (size_t i = 0; i < switches.size(); ++i) {
    api::FabricSwitch there;
    there.name = switch_name(switches[i].name);
    there.tier = tier_name(tree.level(i));
    levels = std::max(levels, tree.level(i) + 1);
    for (const std::string& written : switches[i].nodes) {
      auto name = names.name_of(written);
      if (!name) return tree.wrong(i, name.error().message);
      const auto [home, fresh] = homes.try_emplace(*name, i);
      if (fresh)
        there.nodes.push_back(*name);
      else if (home->second == i)
        add_note(notes, switches[i].where + ": machine \"" + *name + "\" is named twice");
      else
        return tree.wrong(i, "machine \"" + *name + "\" hangs on switch \"" +
                                 switches[home->second].name + "\" already");
    }
    if (tree.parent(i) == Tree::none) {
      roots.push_back(there.name);
    } else {
      api::FabricLink link;
      link.from = there.name;
      link.to = switch_name(switches[tree.parent(i)].name);
      fabric.links.push_back(std::move(link));
    }
    fabric.switches.push_back(std::move(there));
  }
  for (size_t level = 0; level < levels; ++level) {
    api::FabricTier tier;
    tier.name = tier_name(level);
    fabric.tiers.push_back(std::move(tier));
  }
  if (roots.size() > 1) {
    const size_t shown = std::min<size_t>(roots.size(), 8);
    add_note(notes, std::to_string(roots.size()) +
                        " switches have none above them, so machines below different ones are not "
                        "joined: " +
                        join({roots.begin(), roots.begin() + static_cast<ptrdiff_t>(shown)}, ", ") +
                        (roots.size() > shown ? " …" : ""));
  }
  return fabric;
}

}  // namespace freehold::discover
