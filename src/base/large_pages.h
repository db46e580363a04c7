// LargePages: an allocator for tables that are read here and there: it asks the kernel to keep what
// is larger than a large page on such pages, so that a look-up waits for the memory alone and not
// for its address as well. A wish: where the kernel has none, the table lies on small ones.
#pragma once

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <utility>
#include <vector>

namespace freehold {

// Of `bytes`, aligned to a power of two, by default for any ordinary type; never null. Ends with
// release_pages.
void* take_pages(size_t bytes, size_t alignment = alignof(std::max_align_t));
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

// For many small things that are read here and there: takes large pages for thousands of them at a
// time, and keeps what they leave for the next. For any thread; never ends.
std::pmr::memory_resource& pooled_pages();

// On those.
template <class T, class... Args>
std::shared_ptr<T> make_pooled(Args&&... args) {
  return std::allocate_shared<T>(std::pmr::polymorphic_allocator<T>(&pooled_pages()),
                                 std::forward<Args>(args)...);
}

template <class T>
using LargeTable = std::vector<T, LargePages<T>>;

}  // namespace freehold
