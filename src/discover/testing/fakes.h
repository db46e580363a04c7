// Vendors' libraries that tests answer for: loads one of the stand-ins by its path, and gives what
// it is to say. Test code; one at a time of each kind.
#pragma once

#include <dlfcn.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "base/check.h"
#include "discover/testing/fake_vendors.h"
#include "discover/vendor.h"

namespace freehold::discover::testing {

// Keeps the library in memory, so that what a test set lasts as long as this.
template <class State>
class Fake {
 public:
  Fake(const std::string& folder, std::string_view name, const char* function)
      : path_(folder + "/lib" + std::string(name) + ".so"),
        handle_(::dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    CHECK(handle_ != nullptr, "a stand-in library is not built");
    const auto get = reinterpret_cast<State* (*)()>(::dlsym(handle_, function));
    state_ = get();
    *state_ = State{};
  }
  ~Fake() { ::dlclose(handle_); }
  Fake(const Fake&) = delete;
  Fake& operator=(const Fake&) = delete;

  const std::string& path() const { return path_; }
  State* operator->() { return state_; }

 private:
  std::string path_;
  void* handle_;
  State* state_ = nullptr;
};

template <size_t N>
void set_text(char (&to)[N], std::string_view from) {
  std::snprintf(to, N, "%.*s", static_cast<int>(from.size()), from.data());
}

// Only the library that a test names is loaded, whatever this machine has.
inline VendorPaths no_libraries() { return {"", "", "", ""}; }

}  // namespace freehold::discover::testing
