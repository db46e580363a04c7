#include "discover/import/merge_devices.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/strings.h"
#include "discover/import/edit_facts.h"
#include "discover/import/text.h"
#include "discover/parse.h"
#include "json/value.h"

namespace freehold::discover {

// By what a device is known.
struct DeviceMatcher::Known {
  std::string id, address, slot;
  std::string said;    // its id by that source; `id` differs where another has it already
  std::string source;  // that told it first
  api::DeviceClass cls = api::DeviceClass::other;
  int64_t numa = -1;
  std::set<std::string> identities;  // its own, and its ports'
  std::string own;                   // its own; empty: unknown
  std::string peers;                 // its links to others of its class, by their ids
  std::string rest;                  // what else tells it from others of its class
  std::string particulars;           // both; empty: nothing tells it from others
  bool is_counted = false;           // its id is a number
  bool is_sure = true;               // no source was laid on it that might mean another
};

const api::NodeDevice* find_seen(const HostFacts& facts, std::string_view id) {
  const auto at = std::ranges::find(facts.devices, id, &api::NodeDevice::id);
  return at == facts.devices.end() ? nullptr : &*at;
}

namespace {

using Known = DeviceMatcher::Known;

bool is_network(api::DeviceClass cls) {
  return cls == api::DeviceClass::nic || cls == api::DeviceClass::rdma_nic;
}
bool is_one_class(api::DeviceClass a, api::DeviceClass b) {
  return a == b || (is_network(a) && is_network(b));
}

// Accelerators have no names of the kernel's, management controllers number whatever they see, and
// files number cards of which they do not know the name: such an id says only how many came before.
bool is_counted(api::DeviceClass cls, std::string_view id, const Speaker& speaker) {
  return cls == api::DeviceClass::gpu || cls == api::DeviceClass::nvswitch ||
         speaker.confidence == api::Confidence::bmc ||
         (is_network(cls) && id.starts_with("nic") && parse_uint(id.substr(3)));
}

std::string link_text(api::LinkKind kind, int64_t count) {
  return std::to_string(static_cast<int>(kind)) + "*" + std::to_string(count);
}

// Links to others of its class, of either end, by their ids.
using PeerLinks = std::map<std::string, std::string>;

// What the devices of one claim have to do with each other, looked up once: machines have hundreds.
// It refers to the facts, whose devices must not change.
class Peers {
 public:
  explicit Peers(const HostFacts& facts) {
    for (const api::Device& device : facts.profile.devices) {
      devices_.try_emplace(device.id, &device);
      ++of_class_[device.cls];
    }
    for (const api::NodeDevice& seen : facts.devices) seen_.try_emplace(seen.id, &seen);
    // What the other end says of a link counts.
    for (const bool own : {true, false})
      for (const api::Device& device : facts.profile.devices)
        for (const api::DeviceLink& link : device.links) {
          if (link.to == device.id || !is_peer(device, link.to)) continue;
          const std::string &from = own ? device.id : link.to, &to = own ? link.to : device.id;
          links_[from][to] = link_text(link.kind, link.count);
        }
  }

  bool is_peer(const api::Device& device, std::string_view id) const {
    const auto at = devices_.find(id);
    return at != devices_.end() && at->second->cls == device.cls;
  }
  const PeerLinks& links(const api::Device& device) const {
    static const PeerLinks none;
    const auto at = links_.find(device.id);
    return at == links_.end() ? none : at->second;
  }
  size_t count(api::DeviceClass cls) const { return of_class_.at(cls); }
  const api::NodeDevice* seen(const api::Device& device) const {
    const auto at = seen_.find(device.id);
    return at == seen_.end() ? nullptr : at->second;
  }

 private:
  std::map<std::string_view, const api::Device*> devices_;
  std::map<std::string_view, const api::NodeDevice*> seen_;
  std::map<std::string_view, PeerLinks> links_;
  std::map<api::DeviceClass, size_t> of_class_;
};

// Its links to others of its class, as one word when there is one to each and all are alike: then
// they tell none apart.
std::string links_to_peers(const Peers& peers, const api::Device& device) {
  const PeerLinks& links = peers.links(device);
  if (links.empty()) return {};
  const bool are_alike = links.size() + 1 == peers.count(device.cls) &&
                         std::ranges::all_of(links, [&](const auto& link) {
                           return link.second == links.begin()->second;
                         });
  return are_alike ? "all " + links.begin()->second : "those of " + device.id;
}

// What a source says of this one device that it need not say of the next, but for its links to
// others of its class: where it is, what it hangs on, how it fares. Models and sizes are of the
// class.
std::string rest_of(const Peers& peers, const api::Device& device) {
  std::string out = device.address + device.slot;
  for (const api::DeviceLink& link : device.links)
    if (!peers.is_peer(device, link.to))
      out += " " + link.to + " " + link_text(link.kind, link.count);
  const api::NodeDevice* seen = peers.seen(device);
  if (seen == nullptr) return out;
  api::NodeDevice rest = *seen;
  rest.id.clear();
  for (api::LinkNow& link : rest.links)
    if (peers.is_peer(device, link.to)) link.to.clear();
  const api::NodeDevice nothing;
  const auto& type = schema::type_of<api::NodeDevice>;
  if (!schema::equal(type, &rest, &nothing)) out += json::print(schema::to_json(type, &rest));
  return out;
}

Known known_of(const Peers& peers, const api::Device& device, const Speaker& speaker) {
  Known known;
  known.id = known.said = device.id;
  known.source = speaker.source;
  known.address = to_lower(device.address);
  known.slot = to_lower(device.slot);
  known.cls = device.cls;
  known.numa = device.numa;
  known.is_counted = is_counted(device.cls, device.id, speaker);
  const api::NodeDevice* seen = peers.seen(device);
  for (const auto& [id, link] : peers.links(device)) known.peers += id + " " + link + " ";
  known.rest = rest_of(peers, device);
  known.particulars = known.rest + links_to_peers(peers, device);
  if (seen == nullptr) return known;
  known.own = plain_identity(seen->identity);
  if (!known.own.empty()) known.identities.insert(known.own);
  for (const api::DevicePort& port : seen->ports)
    if (!port.identity.empty()) known.identities.insert(plain_identity(port.identity));
  return known;
}

bool share_identity(const Known& a, const Known& b) {
  return std::ranges::any_of(a.identities,
                             [&](const std::string& one) { return b.identities.contains(one); });
}

// Two of one form, such as UUIDs, that differ; a serial number does not contradict a UUID, nor the
// GUID of a port that of the whole adapter.
bool is_contradicted(const Known& a, const Known& b) {
  if (a.own.empty() || b.own.empty() || is_network(a.cls) || share_identity(a, b)) return false;
  return std::ranges::equal(a.own, b.own, [](char x, char y) { return (x == '-') == (y == '-'); });
}

// All of the class of one, at one memory node if `numa` names it.
std::vector<const Known*> like(const std::vector<Known>& all, const Known& one, int64_t numa) {
  std::vector<const Known*> out;
  for (const Known& known : all)
    if (is_one_class(known.cls, one.cls) && (numa < 0 || known.numa == numa)) out.push_back(&known);
  return out;
}

// Whether both sides tell of the same numbers the same links to each other, and `few` says nothing
// else of single ones: then none of its words can come to the wrong one.
bool is_within(const std::vector<const Known*>& few, const std::vector<const Known*>& many) {
  return few.size() == many.size() && std::ranges::all_of(few, [&](const Known* one) {
           const auto other = std::ranges::find(many, one->id, &Known::id);
           return other != many.end() && one->peers == (*other)->peers &&
                  one->rest == few.front()->rest && (one->numa < 0 || one->numa == (*other)->numa);
         });
}

// What a number that two devices have in common is worth: `sure` where each side knows one device,
// `harmless` where nothing that one side says could come to the wrong one.
enum class Worth : uint8_t { nothing, harmless, sure };

Worth worth_of_number(const std::vector<Known>& all, const Known& k, const std::vector<Known>& ours,
                      const Known& device) {
  if (!k.is_counted && !device.is_counted) return Worth::sure;  // a name that the system gave
  const bool have_numa = k.numa >= 0 && device.numa >= 0;
  if (have_numa && k.numa != device.numa) return Worth::nothing;
  const auto here = like(ours, device, have_numa ? k.numa : -1);
  const auto there = like(all, k, have_numa ? k.numa : -1);
  if (here.size() == 1 && there.size() == 1) return Worth::sure;
  const auto are_alike = [](const std::vector<const Known*>& group) {
    const Known& first = *group.front();
    return std::ranges::all_of(group,
                               [&](const Known* one) {
                                 return one->particulars == first.particulars &&
                                        one->numa == first.numa;
                               }) &&
           (group.size() > 1 || (first.particulars.empty() && first.numa < 0));
  };
  if (are_alike(here) || are_alike(there)) return Worth::harmless;
  const auto mine = like(ours, device, -1), known = like(all, k, -1);
  return is_within(mine, known) || is_within(known, mine) ? Worth::harmless : Worth::nothing;
}

bool may_be_at(const Known& k, const Known& device) {
  return device.address.empty() || k.address.empty() || k.address == device.address;
}
bool are_kin(const Known& k, const Known& device) {
  return is_one_class(k.cls, device.cls) && may_be_at(k, device) && !is_contradicted(k, device);
}

// Whether nothing tells that the two are not one: names that the system gave would, and MAC
// addresses. What a device of the class `other` is, nobody knows.
bool may_be_one(const Known& k, const Known& device) {
  constexpr size_t mac_digits = 12;
  const auto has_mac = [](const Known& one) {
    return std::ranges::any_of(one.identities,
                               [](const auto& text) { return text.size() == mac_digits; });
  };
  return are_kin(k, device) && device.cls != api::DeviceClass::other &&
         (k.is_counted || device.is_counted) && !(has_mac(k) && has_mac(device));
}

struct Match {
  Known* found = nullptr;
  bool is_number = false;  // only their number agrees
  bool is_sure = true;     // no other can be meant
  bool is_apart = false;   // it may be one that is there, and nothing says which
};

// Finds the devices of `ours` in `all`, while neither changes. Indexed: hundreds of devices that
// are compared each with each, and their groups with each other, would cost their cube.
class Matcher {
 public:
  Matcher(std::vector<Known>& all, const std::vector<Known>& ours) : all_(all), ours_(ours) {
    for (Known& known : all) {
      by_id_[known.id].push_back(&known);
      if (!known.address.empty()) by_address_[known.address].push_back(&known);
      if (!known.slot.empty()) by_slot_[known.slot].push_back(&known);
      for (const std::string& one : known.identities) by_identity_[one].push_back(&known);
    }
  }

  // The device of `all` that `device` is, by the first rule that finds one; one of another UUID is
  // never the same, and one at another place only where its identity is nobody else's.
  Match match(const Known& device, const std::set<const Known*>& taken) {
    const auto find = [&](const Index& index, const std::string& key, auto fits) -> Known* {
      const auto at = index.find(key);
      if (key.empty() || at == index.end()) return nullptr;
      for (Known* known : at->second)
        if (!taken.contains(known) && fits(*known)) return known;
      return nullptr;
    };
    if (Known* found = find(by_address_, device.address, [](const Known&) { return true; }))
      return {found};
    Known* first = nullptr;
    for (const std::string& one : device.identities)
      if (Known* found =
              find(by_identity_, one, [&](const Known& k) { return may_be_at(k, device); }))
        if (first == nullptr || found < first) first = found;
    if (first != nullptr) return {first};
    if (Known* found = find_moved(device, taken)) return {found};
    const auto is_kin = [&](const Known& k) { return are_kin(k, device); };
    if (Known* found = find(by_slot_, device.slot, is_kin)) return {found};
    Worth worth = Worth::nothing;
    if (Known* found = find(by_id_, device.id, [&](const Known& k) {
          if (is_kin(k)) worth = worth_of(k, device);
          return worth != Worth::nothing;
        }))
      return {found, found->is_counted || device.is_counted, worth == Worth::sure};
    return {.is_apart = find(by_id_, device.id, is_kin) != nullptr};
  }

 private:
  // One identity at two places: which of them is right is not known, and it is one device. Not the
  // functions of one card, which may all have its GUID, nor where either place is another's.
  Known* find_moved(const Known& device, const std::set<const Known*>& taken) {
    if (device.own.empty() || device.address.empty()) return nullptr;
    const auto at = by_identity_.find(device.own);
    if (at == by_identity_.end() || at->second.size() != 1 || taken.contains(at->second.front()))
      return nullptr;
    Known& known = *at->second.front();
    const auto is_other = [&](const Known& one) {
      return &one != &device &&
             (one.address == known.address || one.identities.contains(device.own));
    };
    if (known.own != device.own || !is_one_class(known.cls, device.cls) ||
        card_of(known.address) == card_of(device.address) || std::ranges::any_of(ours_, is_other))
      return nullptr;
    return &known;
  }
  static std::string_view card_of(std::string_view address) {
    return address.substr(0, address.rfind('.'));
  }

  using Index = std::map<std::string_view, std::vector<Known*>>;  // in the order of `all`

  // All numbers of one class, at one memory node, are worth the same.
  Worth worth_of(const Known& k, const Known& device) {
    const bool is_name = !k.is_counted && !device.is_counted;
    const bool have_numa = k.numa >= 0 && device.numa >= 0;
    if (is_name || (have_numa && k.numa != device.numa))
      return worth_of_number(all_, k, ours_, device);
    const auto [at, is_new] =
        worth_.try_emplace(std::tuple(k.cls, device.cls, have_numa ? k.numa : -1), Worth::nothing);
    if (is_new) at->second = worth_of_number(all_, k, ours_, device);
    return at->second;
  }

  std::vector<Known>& all_;
  const std::vector<Known>& ours_;
  Index by_id_, by_address_, by_slot_, by_identity_;
  std::map<std::tuple<api::DeviceClass, api::DeviceClass, int64_t>, Worth> worth_;
};

// "mlx5_" of "mlx5_10".
std::string stem_of(const std::string& id) {
  return id.substr(0, id.find_last_not_of("0123456789") + 1);
}

// "gpu0" is taken: "gpu1", or the next that is free.
std::string free_id(const std::string& id, const std::set<std::string>& taken) {
  std::string stem = stem_of(id);
  if (stem.size() > 58) stem.resize(58);
  for (size_t n = 0;; ++n)
    if (std::string other = stem + std::to_string(n); !taken.contains(other)) return other;
}

// What a source says of a device, but for what tells it from others of its class.
std::string common_words(const Peers& peers, const api::Device& device) {
  api::Device common = device;
  for (std::string* text : {&common.id, &common.address, &common.slot}) text->clear();
  common.numa = -1;
  std::erase_if(common.links,
                [&](const api::DeviceLink& link) { return peers.is_peer(device, link.to); });
  return json::print(schema::to_json(schema::type_of<api::Device>, &common)) +
         links_to_peers(peers, device);
}

}  // namespace

DeviceMatcher::DeviceMatcher() = default;
DeviceMatcher::~DeviceMatcher() = default;

// One claim on its way in.
class DeviceMatcher::Alignment {
 public:
  Alignment(HostClaim& claim, std::vector<Known>& all)
      : claim_(claim), all_(all), peers_(claim.facts) {
    for (const api::Device& device : claim.facts.profile.devices)
      ours_.push_back(known_of(peers_, device, claim.speaker));
  }

  DeviceMatcher::Differences run(std::vector<std::string>& notes) {
    find_same();
    Differences out;
    for (const auto& [cls, group] : find_parted()) settle(cls, group, out.surplus);
    drop_counted(out.surplus);
    tell(notes);
    find_two_names(out.names);
    add_same();
    add_fresh();
    for (const std::string& id : left_out_) leave_out(claim_.facts, id);
    rename_all(claim_, renamed_);
    return out;
  }

 private:
  using Group = std::vector<const Known*>;

  void find_same() {
    Matcher matcher(all_, ours_);
    std::vector<Match> matches;
    std::set<api::DeviceClass> doubtful;  // where one number is wrong, no other is worth anything
    for (const Known& here : ours_) {
      matches.push_back(matcher.match(here, taken_));
      if (matches.back().is_apart) doubtful.insert(here.cls);
      if (matches.back().found != nullptr) taken_.insert(matches.back().found);
    }
    for (size_t i = 0; i < ours_.size(); ++i) {
      const Match& found = matches[i];
      if (found.is_number && doubtful.contains(ours_[i].cls))
        taken_.erase(found.found);
      else if (found.found != nullptr)
        add_match(found, ours_[i]);
    }
    for (const Known& here : ours_)
      if (std::ranges::find(same_, &here, &Same::second) == same_.end()) rest_.push_back(&here);
  }

  void add_match(const Match& match, const Known& here) {
    same_.emplace_back(match.found, &here);
    match.found->is_sure = match.found->is_sure && match.is_sure;
  }

  // Those that may be any of several, by class; network devices are one class.
  std::map<api::DeviceClass, Group> find_parted() {
    std::map<api::DeviceClass, Group> parted;
    for (const Known* here : rest_)
      if (std::ranges::any_of(
              all_, [&](const Known& k) { return !taken_.contains(&k) && may_be_one(k, *here); }))
        parted[is_network(here->cls) ? api::DeviceClass::nic : here->cls].push_back(here);
    return parted;
  }

  // As many as may be them, of which the same is said: that holds for all, whichever is which.
  void settle(api::DeviceClass cls, const Group& group, std::vector<Surplus>& surplus) {
    std::vector<Known*> free;
    for (Known& k : all_)
      if (!taken_.contains(&k) &&
          std::ranges::any_of(group, [&](const Known* here) { return may_be_one(k, *here); }))
        free.push_back(&k);
    std::set<std::string> words;
    for (const Known* here : group) {
      words.insert(common_words(peers_, device_of(*here)));
      parted_.push_back(here->id);
      std::erase(rest_, here);
    }
    const bool is_for_all = free.size() == group.size() && words.size() == 1;
    for (size_t i = 0; i < group.size(); ++i) {
      if (!is_for_all) {
        left_out_.push_back(group[i]->id);
        continue;
      }
      common_.push_back(group[i]->id);
      taken_.insert(free[i]);
      free[i]->is_sure = false;
      if (free[i]->id != group[i]->id) renamed_[group[i]->id] = free[i]->id;
    }
    const auto known =
        std::ranges::count_if(all_, [&](const Known& k) { return is_one_class(k.cls, cls); });
    if (group.size() > free.size() && cls != api::DeviceClass::gpu)
      surplus.push_back({cls, static_cast<size_t>(known),
                         static_cast<size_t>(known) + group.size() - free.size()});
  }

  // Who only counts a class adds nothing to what another source lists of it. Of the class `other`
  // nobody knows what it is, and one NVSwitch may stand for however many there are.
  void drop_counted(std::vector<Surplus>& surplus) {
    std::map<api::DeviceClass, size_t> dropped;
    std::map<api::DeviceClass, bool> is_more;
    std::erase_if(rest_, [&](const Known* here) {
      const auto [more, fresh] = is_more.try_emplace(here->cls, false);
      if (fresh)
        more->second = here->cls != api::DeviceClass::other &&
                       here->cls != api::DeviceClass::nvswitch && is_only_counted(here->cls) &&
                       is_told_by_another(here->cls);
      if (!more->second) return false;
      ++dropped[here->cls];
      left_out_.push_back(here->id);
      return true;
    });
    for (const auto& [cls, count] : dropped) {
      if (cls == api::DeviceClass::gpu) continue;
      const auto known = static_cast<size_t>(
          std::ranges::count_if(all_, [&](const Known& k) { return is_one_class(k.cls, cls); }));
      surplus.push_back({cls, known, known + count});
    }
  }
  bool is_only_counted(api::DeviceClass cls) const {
    return std::ranges::all_of(ours_, [&](const Known& one) {
      return !is_one_class(one.cls, cls) ||
             (one.is_counted && one.address.empty() && one.slot.empty() && one.identities.empty());
    });
  }
  bool is_told_by_another(api::DeviceClass cls) const {
    return std::ranges::any_of(all_, [&](const Known& k) {
      return is_one_class(k.cls, cls) && k.source != claim_.speaker.source;
    });
  }

  void tell(std::vector<std::string>& notes) {
    HostFacts& facts = claim_.facts;
    if (!parted_.empty())
      add_note(notes,
               facts.name + ": " + std::to_string(parted_.size()) +
                   (parted_.size() == 1 ? " device" : " devices") + " of " + claim_.speaker.source +
                   " may be others that are known, but only the numbers agree, and numbers move; "
                   "what it says of single ones is left out" +
                   bad_words(facts, parted_) +
                   "; import a source that has their addresses or UUIDs");
    for (const std::string& id : common_) {
      forget_seen(facts, id);
      api::Device& device = device_of(id);
      device.address.clear();
      device.slot.clear();
      device.numa = -1;
    }
  }

  // "mlx5_0" and "mlx5_5"; a network interface has other names than its RDMA device.
  void find_two_names(std::vector<TwoNames>& out) {
    for (const auto& [known, here] : same_)
      if (known->said != here->id && !known->is_counted && !here->is_counted &&
          is_network(here->cls) && stem_of(known->said) == stem_of(here->id))
        out.push_back({known->id, known->said, here->id, known->source});
  }

  void add_same() {
    for (const auto& [known, here] : same_) {
      if (known->id != here->id) renamed_[here->id] = known->id;
      if (known->address.empty()) known->address = here->address;
      if (known->slot.empty()) known->slot = here->slot;
      if (known->own.empty()) known->own = here->own;
      if (known->numa < 0) known->numa = here->numa;
      if (known->peers.empty()) known->peers = here->peers;
      known->rest += here->rest;
      known->particulars += here->particulars;
      known->is_counted = known->is_counted && here->is_counted;
      known->identities.insert(here->identities.begin(), here->identities.end());
    }
  }

  void add_fresh() {
    std::set<std::string> ids;
    for (const Known& known : all_) ids.insert(known.id);
    for (const Known* here : rest_) {
      Known fresh = *here;
      if (!ids.insert(here->id).second) {
        fresh.id = free_id(here->id, ids);
        ids.insert(fresh.id);
        renamed_[here->id] = fresh.id;
      }
      all_.push_back(std::move(fresh));
    }
  }

  api::Device& device_of(std::string_view id) {
    return *std::ranges::find(claim_.facts.profile.devices, id, &api::Device::id);
  }
  api::Device& device_of(const Known& known) { return device_of(known.id); }

  HostClaim& claim_;
  std::vector<Known>& all_;
  Peers peers_;  // until tell() lays hands on the claim
  std::vector<Known> ours_;
  using Same = std::pair<Known*, const Known*>;
  std::vector<Same> same_;
  std::vector<const Known*> rest_;
  std::set<const Known*> taken_;
  std::vector<std::string> parted_, common_, left_out_;  // ids
  Renamed renamed_;
};

bool DeviceMatcher::is_sure(std::string_view id) const {
  const auto at = std::ranges::find(all_, id, &Known::id);
  return at != all_.end() && at->is_sure;
}

DeviceMatcher::Differences DeviceMatcher::align(HostClaim& claim, std::vector<std::string>& notes) {
  return Alignment(claim, all_).run(notes);
}

}  // namespace freehold::discover
