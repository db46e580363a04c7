// What `ibnetdiscover` of infiniband-diags prints: a stanza per switch, adapter and router, a row
// per port with a link (src/ibnetdiscover.c, https://github.com/linux-rdma/rdma-core). Every cable
// stands in both of its ends' stanzas, which is checked.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/strings.h"
#include "discover/import/formats.h"
#include "discover/import/text.h"
#include "discover/import/tiers.h"
#include "discover/parse.h"

namespace freehold::discover {

namespace {

struct Row {
  size_t line = 0;
  uint64_t port = 0, peer_port = 0;
  std::string peer;       // id of the stanza at the other end
  std::string own_guid;   // of the port; adapters only
  std::string peer_guid;  // of the port at the other end, where that is an adapter
  std::string description;
  int64_t bits = 0;  // per second; 0: unknown
};
struct Stanza {
  size_t line = 0;
  char type = 0;     // S switch, H adapter, R router
  std::string id;    // "S-" and the GUID
  std::string guid;  // 16 hex digits
  uint64_t ports = 0;
  std::string vendor, device, description;
  std::vector<Row> rows;

  const Row* row_at(uint64_t port) const {
    const auto at = std::ranges::find(rows, port, &Row::port);
    return at == rows.end() ? nullptr : &*at;
  }
};

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

// 16 hex digits in lower case, with or without 0x; empty when it is no GUID.
std::string parse_guid(std::string_view text) {
  std::string digits = to_lower(trim(text));
  if (digits.starts_with("0x")) digits.erase(0, 2);
  if (digits.empty() || digits.size() > 16 || !std::ranges::all_of(digits, is_hex)) return {};
  return std::string(16 - digits.size(), '0') + digits;
}

// "e09d730300af125e" as the kernel prints it: "e09d:7303:00af:125e".
std::string kernel_guid(std::string_view guid) {
  std::string out;
  for (size_t i = 0; i < guid.size(); ++i) {
    if (i > 0 && i % 4 == 0) out += ':';
    out += guid[i];
  }
  return out;
}

// "4xNDR": lanes and the generation. Rates of a lane as the kernel counts them
// (drivers/infiniband/core/sysfs.c).
int64_t parse_rate(std::string_view text) {
  static const std::map<std::string_view, int64_t> lanes{
      {"SDR", 2'500'000'000},    {"DDR", 5'000'000'000},   {"QDR", 10'000'000'000},
      {"FDR10", 10'000'000'000}, {"FDR", 14'000'000'000},  {"EDR", 25'000'000'000},
      {"HDR", 50'000'000'000},   {"NDR", 100'000'000'000}, {"XDR", 200'000'000'000}};
  const size_t x = text.find('x');
  if (x == text.npos) return 0;
  const auto width = parse_uint(text.substr(0, x));
  const auto lane = lanes.find(text.substr(x + 1));
  return width && *width >= 1 && *width <= 12 && lane != lanes.end()
             ? static_cast<int64_t>(*width) * lane->second
             : 0;
}

// Takes one line apart from left to right.
struct Scanner {
  std::string_view rest;

  void blanks() {
    while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\t')) rest.remove_prefix(1);
  }
  bool take(char c) {
    if (rest.empty() || rest[0] != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  std::optional<std::string_view> until(char close) {
    const size_t end = rest.find(close);
    if (end == rest.npos) return {};
    const std::string_view inside = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    return inside;
  }
  std::optional<std::string_view> between(char open, char close) {
    return take(open) ? until(close) : std::nullopt;
  }
};

class Reader {
 public:
  Reader(std::string_view text, const ImportOptions& options) : text_(text), options_(options) {}

  Result<std::vector<Stanza>> read() {
    size_t line = 0;
    for (size_t begin = 0; begin < text_.size();) {
      const size_t end = std::min(text_.find('\n', begin), text_.size());
      TRY(read_line(text_.substr(begin, end - begin), ++line));
      begin = end + 1;
    }
    if (stanzas_.empty())
      return fault_at(options_, 0, "holds no switch and no adapter; is it ibnetdiscover's output?");
    return std::move(stanzas_);
  }

 private:
  Result<void> read_line(std::string_view raw, size_t line) {
    const std::string_view text = trim(raw);
    if (text.empty() || text[0] == '#') return {};
    if (text[0] == '[') return read_row(text, line);
    for (const std::string_view word : {"Switch", "Ca", "Rt"})
      if (text.starts_with(word) && text.size() > word.size() &&
          (text[word.size()] == '\t' || text[word.size()] == ' '))
        return read_head(word, text.substr(word.size()), line);
    // Headings of `ibnetdiscover -g`.
    for (const std::string_view word : {"Chassis", "Non-Chassis", "Spine", "Line", "DR path"})
      if (text.starts_with(word)) return {};
    const size_t equals = text.find('=');
    const std::string_view key = text.substr(0, equals);
    if (equals == text.npos || !(key == "vendid" || key == "devid" || key == "sysimgguid" ||
                                 key == "switchguid" || key == "caguid" || key == "rtguid"))
      return fault_at(options_, line, "is no line that ibnetdiscover prints");
    const std::string_view value = text.substr(equals + 1);
    if (key.ends_with("id") && !key.ends_with("guid"))
      (key == "vendid" ? vendor_ : device_) = to_lower(trim(value));
    if (key != "sysimgguid" && key.ends_with("guid")) {
      guid_ = parse_guid(value.substr(0, value.find('(')));
      if (guid_.empty()) return fault_at(options_, line, std::string(key) + " is no GUID");
    }
    return {};
  }

  // `	65 "S-2c5eab0300b87b40"		# "MF0;LEAF-04:MQM9701/U1" enhanced port 0 lid 73 lmc 0`
  Result<void> read_head(std::string_view word, std::string_view text, size_t line) {
    Stanza stanza;
    stanza.line = line;
    Scanner scan{text};
    scan.blanks();
    const auto ports = scan.until('"');
    const auto count = ports ? parse_uint(trim(*ports)) : std::nullopt;
    const auto id = scan.until('"');
    if (!count || *count > 254 || !id)
      return fault_at(options_, line, std::string(word) + " needs its ports and its name");
    stanza.ports = *count;
    stanza.type = word == "Switch" ? 'S' : word == "Ca" ? 'H' : 'R';
    stanza.id = TRY(read_id(*id, line));
    stanza.guid = stanza.id.substr(2);
    if (stanza.id[0] != stanza.type)
      return fault_at(options_, line, "\"" + stanza.id + "\" is no name of a " + std::string(word));
    if (!guid_.empty() && guid_ != stanza.guid)
      return fault_at(options_, line,
                      "the name " + stanza.id + " and the GUID " + guid_ + " above it differ");
    stanza.description = description_in(scan.rest);
    stanza.vendor = std::exchange(vendor_, {});
    stanza.device = std::exchange(device_, {});
    guid_.clear();
    if (!ids_.emplace(stanza.id, line).second)
      return fault_at(options_, line,
                      stanza.id + " is described a second time; first in line " +
                          std::to_string(ids_[stanza.id]));
    if (stanzas_.size() >= limits::import_hosts + limits::import_switches)
      return fault_at(options_, line, "more stanzas than any fabric has");
    stanzas_.push_back(std::move(stanza));
    return {};
  }

  // `[1]	"H-e09d7303007a4bd8"[1](e09d7303007a4bd8) 		# "a08 mlx5_5" lid 647
  // 4xNDR`
  // `[1](2c5eab0300b87b50) 	"S-2c5eab0300b87b40"[65]		# lid 193 lmc 0 "LEAF" lid
  // 73 4xNDR`
  Result<void> read_row(std::string_view text, size_t line) {
    if (stanzas_.empty()) return fault_at(options_, line, "a port before any switch or adapter");
    Stanza& stanza = stanzas_.back();
    Row row;
    row.line = line;
    Scanner scan{text};
    const auto number = [&]() -> std::optional<uint64_t> {
      const auto inside = scan.between('[', ']');
      return inside ? parse_uint(*inside) : std::nullopt;
    };
    const auto wrong = [&](std::string_view what) { return fault_at(options_, line, what); };
    const auto port = number();
    if (!port || *port == 0 || *port > stanza.ports)
      return wrong("no port of " + stanza.id + ", which has " + std::to_string(stanza.ports));
    row.port = *port;
    if (scan.rest.starts_with("[ext")) scan.until(']');
    if (const auto guid = scan.between('(', ')')) row.own_guid = parse_guid(*guid);
    scan.blanks();
    const auto peer = scan.between('"', '"');
    if (!peer) return wrong("the port leads nowhere");
    row.peer = TRY(read_id(*peer, line));
    const auto peer_port = number();
    if (!peer_port) return wrong("the port at the other end is missing");
    row.peer_port = *peer_port;
    if (scan.rest.starts_with("[ext")) scan.until(']');
    scan.blanks();
    if (const auto guid = scan.between('(', ')')) row.peer_guid = parse_guid(*guid);
    row.description = description_in(scan.rest);
    const std::string_view tail =
        scan.rest.substr(std::min(scan.rest.rfind('"'), scan.rest.size()));
    for (const std::string_view word : split(tail, ' '))
      if (const int64_t bits = parse_rate(trim(word)); bits > 0) row.bits = bits;
    if (stanza.row_at(row.port) != nullptr)
      return wrong("port " + std::to_string(row.port) + " of " + stanza.id + " a second time");
    if (stanza.type != 'S' && row.own_guid.empty()) return wrong("the GUID of the port is missing");
    stanza.rows.push_back(std::move(row));
    return {};
  }

  Result<std::string> read_id(std::string_view text, size_t line) {
    const std::string guid = text.size() > 2 && text[1] == '-' ? parse_guid(text.substr(2)) : "";
    if (guid.empty() || (text[0] != 'S' && text[0] != 'H' && text[0] != 'R'))
      return fault_at(options_, line,
                      "\"" + std::string(text.substr(0, 64)) + "\" names no switch or adapter");
    return std::string(1, text[0]) + "-" + guid;
  }

  static std::string description_in(std::string_view text) {
    const size_t open = text.find('"'), close = text.rfind('"');
    if (open == text.npos || close == open) return {};
    return clean_text(text.substr(open + 1, close - open - 1), 128);
  }

  std::string_view text_;
  const ImportOptions& options_;
  std::vector<Stanza> stanzas_;
  std::map<std::string, size_t> ids_;
  std::string guid_, vendor_, device_;  // of the lines before a head
};

// "a08-p1-dgx-04-c01 mlx5_5": a machine and its device. Factory names say neither.
struct Described {
  std::string host, device;
};
Described described(std::string_view text) {
  const size_t blank = text.find(' ');
  if (blank == text.npos) return {};
  const std::string_view host = text.substr(0, blank), device = text.substr(blank + 1);
  const bool is_device = !device.empty() && device.size() <= 63 && device.back() >= '0' &&
                         device.back() <= '9' && device.find(' ') == device.npos;
  if (!is_device || !is_dns_subdomain(to_lower(host)) || host == "localhost") return {};
  return {to_lower(host), std::string(device)};
}

class Builder {
 public:
  Builder(const std::vector<Stanza>& stanzas, const ImportOptions& options)
      : stanzas_(stanzas), options_(options) {
    out_.source = "ibnetdiscover";
    out_.confidence = api::Confidence::inferred;
    for (const Stanza& stanza : stanzas_) by_id_.emplace(stanza.id, &stanza);
  }

  Inventory build() {
    fabric_.metadata.name = options_.name;
    fabric_.spec.kind = api::FabricKind::rdma;
    fabric_.spec.technology = "infiniband";
    fabric_.spec.site = options_.site;
    name_switches();
    for (const Stanza& stanza : stanzas_)
      for (const Row& row : stanza.rows) add_row(stanza, row);
    add_links();
    find_machines();
    add_adapters();
    find_tiers(fabric_.spec);
    turn_links_upwards();
    std::ranges::sort(fabric_.spec.switches, {}, &api::FabricSwitch::name);
    std::ranges::sort(fabric_.spec.adapters, {}, &api::FabricAdapter::identity);
    if (fabric_.spec.switches.empty())
      add_note(out_.notes, options_.file + " describes no switch, so there is no fabric in it");
    else
      out_.fabrics.push_back(std::move(fabric_));
    return std::move(out_);
  }

 private:
  struct End {
    std::string id;
    uint64_t port = 0;
    auto operator<=>(const End&) const = default;
  };

  // "MF0;LEAF-04-04:MQM9701/U1" is LEAF-04-04, unless another bears the name too.
  void name_switches() {
    const auto plain = [](const Stanza& stanza) {
      std::string_view text = stanza.description;
      if (const size_t mark = text.find(';'); mark != text.npos) text.remove_prefix(mark + 1);
      text = text.substr(0, text.find(':'));
      std::string name = clean_text(text, 128);
      std::ranges::replace(name, '/', '-');  // "fabric/switch" is the name of another fabric's
      std::ranges::replace(name, ' ', '-');
      return name;
    };
    std::map<std::string, size_t> counts;
    for (const Stanza& stanza : stanzas_)
      if (stanza.type == 'S') ++counts[plain(stanza)];
    for (const Stanza& stanza : stanzas_) {
      if (stanza.type != 'S') continue;
      std::string name = plain(stanza);
      if (name.empty() || counts[name] > 1 || name.starts_with("S-")) name = stanza.id;
      names_.emplace(stanza.id, name);
      api::FabricSwitch there;
      there.name = name;
      there.identity = stanza.guid;
      there.rack = place_at(name);
      fabric_.spec.switches.push_back(std::move(there));
    }
  }

  // The rack that a name tells, which is then known.
  std::string place_at(const std::string& name) {
    const NamedPlace place = place_of_name(name);
    if (!place.rack.empty() && racks_.insert(place.rack).second) {
      api::Rack rack;
      rack.metadata.name = place.rack;
      rack.spec.row = place.row;
      rack.spec.site = options_.site;
      out_.racks.push_back(std::move(rack));
    }
    return place.rack;
  }

  // Both ends of a cable must tell of each other; else it is told and left out.
  void add_row(const Stanza& stanza, const Row& row) {
    const std::string here = stanza.id + " port " + std::to_string(row.port);
    const std::string where = "line " + std::to_string(row.line) + ": " + here;
    const auto peer = by_id_.find(row.peer);
    if (peer == by_id_.end())
      return add_note(out_.notes, where + " leads to " + row.peer + ", which is not described");
    const Row* back = peer->second->row_at(row.peer_port);
    if (back == nullptr || back->peer != stanza.id || back->peer_port != row.port)
      return add_note(out_.notes, where + " leads to " + row.peer + " port " +
                                      std::to_string(row.peer_port) +
                                      ", which does not lead back; the cable is left out");
    compare_ends(where, row, *peer->second, *back);
    if (back->bits != row.bits && stanza.id < row.peer)
      add_note(out_.notes, where + " runs at another rate than its other end says");
    const int64_t bits = back->bits == 0 ? row.bits
                         : row.bits == 0 ? back->bits
                                         : std::min(row.bits, back->bits);
    if (bits == 0) add_note(out_.notes, where + ": the rate of the cable is not known");
    if (stanza.type == 'S' && peer->second->type == 'S') {
      if (stanza.id == row.peer)
        return add_note(out_.notes, where + " leads back to its own switch; left out");
      const End a{stanza.id, row.port}, b{row.peer, row.peer_port};
      cables_[{std::min(a, b), std::max(a, b)}] = bits;
    } else if (stanza.type != 'S' && peer->second->type == 'S') {
      ports_.push_back({&stanza, &row, bits});
    } else if (stanza.type != 'S' && stanza.id < row.peer) {
      add_note(out_.notes, where + " leads to another machine without a switch; left out");
    }
  }

  // What a row says of its other end, against what that says of itself, which stands.
  void compare_ends(const std::string& where, const Row& row, const Stanza& peer, const Row& back) {
    if (!row.peer_guid.empty() && !back.own_guid.empty() && row.peer_guid != back.own_guid)
      add_note(out_.notes, where + " says that " + peer.id + " port " + std::to_string(back.port) +
                               " has the GUID " + row.peer_guid + "; the port itself says " +
                               back.own_guid);
    if (!row.description.empty() && !peer.description.empty() &&
        row.description != peer.description)
      add_note(out_.notes, where + " calls " + peer.id + " \"" + row.description +
                               "\"; it calls itself \"" + peer.description + "\"");
  }

  void add_links() {
    std::map<std::pair<std::string, std::string>, std::map<int64_t, int64_t>> bundles;
    for (const auto& [ends, bits] : cables_) {
      const std::string &a = names_.at(ends.first.id), &b = names_.at(ends.second.id);
      ++bundles[{std::min(a, b), std::max(a, b)}][bits];
    }
    for (const auto& [ends, counts] : bundles)
      for (const auto& [bits, count] : counts) {
        api::FabricLink link;
        link.from = ends.first;
        link.to = ends.second;
        link.count = count;
        if (bits > 0) link.bandwidth = Quantity::of(bits * count, Dimension::bandwidth);
        fabric_.spec.links.push_back(std::move(link));
      }
  }

  // A machine's name is worth something only while no two adapters claim the same device of it.
  void find_machines() {
    std::map<Claimed, const Stanza*> claims;
    for (const Port& port : ports_) {
      const Described said = described(port.stanza->description);
      if (said.host.empty()) continue;
      const auto [at, fresh] = claims.try_emplace({said.host, said.device}, port.stanza);
      if (!fresh && at->second != port.stanza && ambiguous_.insert(said.host).second)
        add_note(out_.notes, "two adapters say that they are " + said.device + " of \"" +
                                 said.host + "\"; that name is not used");
    }
  }

  void add_adapters() {
    size_t nameless = 0;
    std::map<std::string, HostFacts> hosts;
    for (const Port& port : ports_) {
      api::FabricAdapter adapter;
      adapter.identity = port.row->own_guid;
      adapter.description = port.stanza->description;
      adapter.at = names_.at(port.row->peer);
      adapter.port = static_cast<int64_t>(port.row->peer_port);
      if (port.bits > 0) adapter.bandwidth = Quantity::of(port.bits, Dimension::bandwidth);
      adapter.is_aggregation = adapter.description.find("Aggregation Node") != std::string::npos;
      if (!identities_.insert(adapter.identity).second) {
        add_note(out_.notes, "line " + std::to_string(port.row->line) + ": the port GUID " +
                                 adapter.identity + " a second time; left out");
        continue;
      }
      Described said = described(adapter.description);
      if (ambiguous_.contains(said.host)) said = {};
      adapter.node = said.host;
      adapter.device = said.device;
      if (!said.host.empty())
        add_port(hosts[said.host], said, port);
      else if (!adapter.is_aggregation)
        ++nameless;
      fabric_.spec.adapters.push_back(std::move(adapter));
    }
    add_idle(hosts);
    for (auto& [name, host] : hosts) {
      host.name = name;
      host.rack = place_at(name);
      std::ranges::sort(host.profile.devices, {}, &api::Device::id);
      std::ranges::sort(host.devices, {}, &api::NodeDevice::id);
      out_.hosts.push_back(std::move(host));
    }
    if (nameless > 0)
      add_note(out_.notes, std::to_string(nameless) +
                               " adapters name no machine; another source that knows their GUIDs "
                               "tells whose they are");
    if (!racks_.empty())
      add_note(out_.notes, std::to_string(racks_.size()) + " racks are taken from names");
  }

  struct Port {
    const Stanza* stanza;
    const Row* row;
    int64_t bits;
  };
  using Claimed = std::pair<std::string, std::string>;

  static void add_port(HostFacts& host, const Described& said, const Port& port) {
    const size_t at = device_of(host, said, *port.stanza);
    api::DevicePort there;
    there.number = static_cast<int64_t>(port.row->port);
    there.identity = port.row->own_guid;
    there.link_layer = "InfiniBand";
    there.speed = format_network_speed(port.bits / 1'000'000);
    host.profile.devices[at].speed = there.speed;
    host.devices[at].ports.push_back(std::move(there));
  }

  // Adapters without a cable that leads to a switch of this file are devices all the same.
  void add_idle(std::map<std::string, HostFacts>& hosts) {
    std::set<const Stanza*> linked;
    for (const Port& port : ports_) linked.insert(port.stanza);
    size_t idle = 0;
    for (const Stanza& stanza : stanzas_) {
      if (stanza.type != 'H' || linked.contains(&stanza)) continue;
      ++idle;
      const Described said = described(stanza.description);
      if (!said.host.empty() && !ambiguous_.contains(said.host))
        device_of(hosts[said.host], said, stanza);
    }
    if (idle > 0)
      add_note(out_.notes,
               std::to_string(idle) + " adapters have no link to a switch of this file");
  }

  // Of the host, made when it is not there yet.
  static size_t device_of(HostFacts& host, const Described& said, const Stanza& stanza) {
    const auto at = std::ranges::find(host.devices, said.device, &api::NodeDevice::id);
    if (at != host.devices.end()) return static_cast<size_t>(at - host.devices.begin());
    api::Device device;
    device.id = said.device;
    device.cls = api::DeviceClass::rdma_nic;
    // Mellanox numbers its adapters as its PCI devices; 0x2c9 is its number at the IEEE.
    if (stanza.vendor == "0x2c9" && stanza.device.size() == 6)
      device.model = "15b3:" + stanza.device.substr(2);
    host.profile.devices.push_back(std::move(device));
    api::NodeDevice seen;
    seen.id = said.device;
    seen.identity = kernel_guid(stanza.guid);
    host.devices.push_back(std::move(seen));
    return host.devices.size() - 1;
  }

  // A link begins at the end that is nearer to the machines.
  void turn_links_upwards() {
    std::map<std::string_view, size_t> levels;
    for (size_t level = 0; level < fabric_.spec.tiers.size(); ++level)
      for (const api::FabricSwitch& there : fabric_.spec.switches)
        if (there.tier == fabric_.spec.tiers[level].name) levels.emplace(there.name, level);
    for (api::FabricLink& link : fabric_.spec.links) {
      const auto from = levels.find(link.from), to = levels.find(link.to);
      if (from != levels.end() && to != levels.end() && from->second > to->second)
        std::swap(link.from, link.to);
    }
    std::ranges::sort(fabric_.spec.links, {}, [](const api::FabricLink& link) {
      return std::pair(std::string_view(link.from), std::string_view(link.to));
    });
  }

  const std::vector<Stanza>& stanzas_;
  const ImportOptions& options_;
  std::map<std::string, const Stanza*> by_id_;
  std::map<std::string, std::string> names_;  // id of a switch → its name
  std::map<std::pair<End, End>, int64_t> cables_;
  std::vector<Port> ports_;
  std::set<std::string> racks_, ambiguous_, identities_;
  api::Fabric fabric_;
  Inventory out_;
};

}  // namespace

Result<Inventory> import_ibnetdiscover(std::string_view text, const ImportOptions& options) {
  text = TRY(check_text(text, options));
  const std::vector<Stanza> stanzas = TRY(Reader(text, options).read());
  return Builder(stanzas, options).build();
}

}  // namespace freehold::discover
