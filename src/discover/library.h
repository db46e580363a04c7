// Library: a shared library that is loaded while the program runs, and the functions found in it.
// The only place of discovery that loads code; what the functions do is their vendor's. Owned by
// whoever asks it; used by one thread at a time.
#pragma once

#include <initializer_list>
#include <string>

namespace freehold::discover {

class Library {
 public:
  // `path`: a name for the loader's own search, or a path.
  explicit Library(const std::string& path);
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  bool is_loaded() const { return handle_ != nullptr; }
  // The first of the names that it has, such as a newer version before an older one; null: none.
  template <class Function>
  void find(Function*& to, std::initializer_list<const char*> names) const {
    to = reinterpret_cast<Function*>(find_symbol(names));
  }

 private:
  void* find_symbol(std::initializer_list<const char*> names) const;
  void* handle_ = nullptr;
};

}  // namespace freehold::discover
