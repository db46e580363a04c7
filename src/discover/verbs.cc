#include "discover/verbs.h"

#include <algorithm>
#include <limits>

#include "discover/limits.h"
#include "discover/parse.h"

namespace freehold::discover {

Verbs::Verbs(const std::string& path) : library_(path) {
  library_.find(call_.list, {"ibv_get_device_list"});
  library_.find(call_.free_list, {"ibv_free_device_list"});
  library_.find(call_.name, {"ibv_get_device_name"});
  library_.find(call_.open, {"ibv_open_device"});
  library_.find(call_.close, {"ibv_close_device"});
  library_.find(call_.query, {"ibv_query_device"});
}

VendorReport Verbs::read() {
  VendorReport report;
  report.source = "verbs";
  if (call_.list == nullptr || call_.free_list == nullptr || call_.name == nullptr ||
      call_.open == nullptr || call_.close == nullptr || call_.query == nullptr) {
    report.notes.emplace_back("verbs: the library lacks what every version of it has");
    return report;
  }
  int count = 0;
  verbs::DeviceHandle* const list = call_.list(&count);
  if (list == nullptr) return report;
  for (int i = 0; i < std::min(count, static_cast<int>(limits::vendor_devices)); ++i) {
    const char* const text = call_.name(list[i]);
    if (text == nullptr) continue;
    const std::string name = clean_text(text, 63);
    auto found = known_.find(name);
    if (found == known_.end()) {
      const verbs::Context context = call_.open(list[i]);
      if (context == nullptr) continue;  // no privileges, or it just went away
      verbs::DeviceAttributes about{};
      const bool told = call_.query(context, &about) == 0;
      call_.close(context);
      if (!told) continue;
      constexpr uint64_t most = std::numeric_limits<int64_t>::max();
      found =
          known_
              .emplace(name,
                       RdmaLimits{name, about.max_queue_pairs, about.max_completion_queues,
                                  about.max_memory_regions,
                                  static_cast<int64_t>(std::min(about.max_memory_region, most))})
              .first;
    }
    report.rdma.push_back(found->second);
  }
  call_.free_list(list);
  return report;
}

}  // namespace freehold::discover
