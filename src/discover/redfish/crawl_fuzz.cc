// Crawl, survey and inventory against any documents: the input is cut at NUL bytes, the first piece
// is the service root, and every id that is asked for gets one of the others. No crash, no endless
// crawl, and results within their promises.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/strings.h"
#include "discover/redfish/inventory.h"
#include "discover/redfish/limits.h"

namespace freehold::discover::redfish {

void crawl_over(const std::vector<std::string_view>& pieces) {
  std::set<std::string> asked;
  size_t next = 1;
  const Crawl over = crawl([&](const std::string& id) -> Result<std::string> {
    CHECK(asked.insert(id).second, "each id is asked for once");
    CHECK(local_id(id) == id, "and is an id of this service");
    if (id == root_id) return std::string(pieces[0]);
    if (pieces.size() == 1) return Error{Reason::not_found, "none"};
    // Bounds a crawl in which every document leads to the same new ones.
    if (asked.size() > 200) return Error{Reason::too_large, "enough"};
    next = next + 1 < pieces.size() ? next + 1 : 1;
    return std::string(pieces[next]);
  });
  CHECK(over.notes().size() <= limits::notes, "notes are bounded");
  const Survey found = survey(over);
  for (const Chassis& one : found.chassis) CHECK(is_utf8(one.name), "names are printable");
  for (const PowerLimit& limit : found.limits)
    CHECK(!limit.set_point || *limit.set_point >= 0, "watts are not negative");
  (void)json::print(to_json(found));
  const Inventory all = inventory(found, {.file = "f", .name = "bmc", .site = "s"});
  std::set<std::string> names;
  for (const HostFacts& host : all.hosts) {
    CHECK(is_dns_subdomain(host.name), "a host has a name");
    CHECK(names.insert(host.name).second, "of its own");
    CHECK(host.devices.size() == host.profile.devices.size(), "each device is told twice");
    std::set<std::string> ids;
    for (const api::Device& device : host.profile.devices)
      CHECK(ids.insert(device.id).second, "each device has an id of its own");
  }
  names.clear();
  for (const api::PowerDomain& domain : all.power_domains) {
    CHECK(domain.spec.capacity.is_set(), "a domain has a capacity");
    CHECK(is_dns_label(domain.metadata.name), "and a name");
    CHECK(names.insert(domain.metadata.name).second, "of its own");
  }
  for (const api::PowerDomain& domain : all.power_domains)
    for (const std::string& behind : domain.spec.supplied_by.domains)
      CHECK(names.contains(behind) && behind != domain.metadata.name, "no dangling reference");
  for (const HostFacts& host : all.hosts)
    for (const api::Feed& feed : host.feeds) CHECK(names.contains(feed.domain), "no dangling feed");
}

}  // namespace freehold::discover::redfish

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text{reinterpret_cast<const char*>(data), size};
  std::vector<std::string_view> pieces;
  while (pieces.size() < 64) {
    const size_t end = text.find('\0');
    pieces.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  freehold::discover::redfish::crawl_over(pieces);
  return 0;
}
