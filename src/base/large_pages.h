// LargePages: an allocator for tables that are read here and there: it asks the kernel to keep what
// is larger than a large page on such pages, so that a look-up waits for the memory alone and not
// for its address as well. A wish: where the kernel has none, the table lies on small ones.
#pragma once

#include <cstddef>
#include <vector>

namespace freehold {

// Of `bytes`, aligned for any type; never null. Ends with release_pages.
void* take_pages(size_t bytes);
void release_pages(void* at) noexcept;

template <class T>
struct LargePages {
  using value_type = T;
  LargePages() = default;
  template <class U>
  explicit LargePages(const LargePages<U>&) {}
  T* allocate(size_t count) { return static_cast<T*>(take_pages(count * sizeof(T))); }
  void deallocate(T* at, size_t) noexcept { release_pages(at); }
  bool operator==(const LargePages&) const = default;
};

template <class T>
using LargeTable = std::vector<T, LargePages<T>>;

}  // namespace freehold
