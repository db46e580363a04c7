#include "discover/vendor.h"

#include <utility>

#include "discover/amd_smi.h"
#include "discover/nvml.h"
#include "discover/verbs.h"

namespace freehold::discover {

namespace {

// A library that was loaded stays so; one that is not there may come with a driver.
template <class T>
bool is_there(std::unique_ptr<T>& library, const std::string& path) {
  if (library != nullptr) return true;
  if (path.empty()) return false;
  auto tried = std::make_unique<T>(path);
  if (!tried->is_loaded()) return false;
  library = std::move(tried);
  return true;
}

class Loaded final : public VendorLibraries {
 public:
  explicit Loaded(VendorPaths paths) : paths_(std::move(paths)) {}

  std::vector<VendorReport> read() override {
    std::vector<VendorReport> out;
    if (is_there(nvml_, paths_.nvml)) out.push_back(nvml_->read());
    if (is_there(amd_smi_, paths_.amd_smi))
      out.push_back(amd_smi_->read());
    else if (is_there(rocm_smi_, paths_.rocm_smi))
      out.push_back(rocm_smi_->read());
    if (is_there(verbs_, paths_.verbs)) out.push_back(verbs_->read());
    return out;
  }

 private:
  const VendorPaths paths_;
  std::unique_ptr<Nvml> nvml_;
  std::unique_ptr<AmdSmi> amd_smi_;
  std::unique_ptr<RocmSmi> rocm_smi_;
  std::unique_ptr<Verbs> verbs_;
};

}  // namespace

std::unique_ptr<VendorLibraries> load_vendor_libraries(VendorPaths paths) {
  return std::make_unique<Loaded>(std::move(paths));
}

}  // namespace freehold::discover
