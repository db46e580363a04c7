#include "discover/library.h"

#include <dlfcn.h>

namespace freehold::discover {

// Local: two vendors' libraries may define one name. Now: a library that misses what it needs is no
// library, rather than a crash in the middle of a look.
Library::Library(const std::string& path) {
  if (!path.empty()) handle_ = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
}

Library::~Library() {
  if (handle_ != nullptr) ::dlclose(handle_);
}

void* Library::find_symbol(std::initializer_list<const char*> names) const {
  if (handle_ == nullptr) return nullptr;
  for (const char* name : names)
    if (void* const found = ::dlsym(handle_, name)) return found;
  return nullptr;
}

}  // namespace freehold::discover
