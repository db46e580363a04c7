#include "base/large_pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "base/sanitized.h"

namespace freehold {

void* take_pages(size_t bytes, size_t alignment) {
  constexpr size_t large = size_t{2} << 20;
  const bool is_large = bytes >= large;
  void* at = nullptr;
  if (posix_memalign(&at, std::max(alignment, is_large ? large : sizeof(void*)), bytes) != 0)
    throw std::bad_alloc();
  if (is_large) (void)madvise(at, bytes, MADV_HUGEPAGE);
  return at;
}

void release_pages(void* at) noexcept { std::free(at); }

namespace {

class Pages final : public std::pmr::memory_resource {
  void* do_allocate(size_t bytes, size_t alignment) override {
    return take_pages(bytes, alignment);
  }
  void do_deallocate(void* at, size_t, size_t) override { release_pages(at); }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

}  // namespace

std::pmr::memory_resource& pooled_pages() {
#if IS_SANITIZED  // what is used after its end would not be seen in a pool
  return *std::pmr::new_delete_resource();
#else
  static Pages pages;
  static auto* const pool = new std::pmr::synchronized_pool_resource({1 << 14, 2048}, &pages);
  return *pool;
#endif
}

}  // namespace freehold
